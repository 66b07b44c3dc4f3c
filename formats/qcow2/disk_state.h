#pragma once
/// A state of a qcow2 disk: the active one, which the guest keeps writing to, or an internal snapshot, which is frozen.
/// Source: qemu docs/interop/qcow2.txt, "Snapshots".

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
    /// Of a snapshot: SHA-256 in hex over its id, name, time, disk size and L1 table, the same whenever it is read.
    /// Excludes the COPIED bits, which change with the other states. Empty for the active state.
    std::string identity;
};

/// The state that `selector` selects among `snapshots` (see select_snapshot); the active one without a selector. Throws
/// Error(not_found | refused), Error(unsupported) for a snapshot of an image with an external data file, Error(corrupt)
/// for a damaged snapshot table that does not show it, or an L1 table outside its limits. Reads the L1 table of a
/// snapshot, at most 32 MiB, in pieces.
DiskState choose_state(const ByteSource& file, const Header& header, const SnapshotTable& snapshots,
                       const std::optional<std::string>& selector);

}  // namespace varve::qcow2
