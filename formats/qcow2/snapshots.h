#pragma once
/// The table of internal snapshots of a qcow2 image, and the choice of one by name or id. Source: qemu
/// docs/interop/qcow2.txt, "Snapshots".

#include <string>
#include <vector>

#include "engine/image/image_info.h"
#include "formats/base/byte_source.h"
#include "formats/qcow2/header.h"

namespace varve::qcow2 {

struct Snapshot {
    ImageSnapshot facts;
    TablePlace l1;
};

struct SnapshotTable {
    std::vector<Snapshot> snapshots;  ///< in the order of the file, up to the first damaged entry
    std::string problem;              ///< what is damaged; empty: nothing, and these are all
};

/// Never throws Error(corrupt): the active disk does not depend on the table. Memory is proportional to the real length
/// of the table, at most 64 MiB. An entry without a disk size (version 2) gets that of the image.
SnapshotTable read_snapshots(const ByteSource& file, const Header& header);

/// The one snapshot that `selector` matches: "id:N" is an id, anything else a name or an id. Throws Error(not_found),
/// Error(corrupt) for a damaged table that does not show it, or Error(refused) that lists the ids when several match.
const Snapshot& select_snapshot(const ByteSource& file, const SnapshotTable& table, const std::string& selector);

}  // namespace varve::qcow2
