#pragma once
/// A state of a qcow2 disk: the active one, which the guest goes on writing to, or an internal snapshot, which stands
/// still. Source: qemu docs/interop/qcow2.txt, "Snapshots".

#include <optional>
#include <string>
#include <vector>

#include "formats/base/byte_source.h"
#include "formats/qcow2/header.h"
#include "formats/qcow2/snapshots.h"

namespace varve::qcow2 {

struct DiskState {
    TablePlace l1;
    ByteCount virtual_size;
    /// Of a snapshot: SHA-256 in hex over its id, name, time, disk size and L1 table, the same whenever it is read. The
    /// COPIED bits are left out, as they change with the states beside it. Empty for the active state.
    std::string identity;
};

/// The state that `wanted` means among `snapshots` (see select_snapshot); none: the active one. Throws
/// Error(not_found | refused), Error(unsupported) beside an external data file, Error(corrupt) for an L1 table outside
/// its limits. Reads the L1 table of a snapshot, at most 32 MiB, in pieces.
DiskState choose_state(const ByteSource& file, const Header& header, const std::vector<Snapshot>& snapshots,
                       const std::optional<std::string>& wanted);

}  // namespace varve::qcow2
