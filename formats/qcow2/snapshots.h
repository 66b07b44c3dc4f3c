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

/// All entries, in the file's order. Throws Error(corrupt) for an entry that breaks its limits; memory follows the
/// table's real length, at most 64 MiB. Where an entry does not record its disk size (version 2), the image's is taken.
std::vector<Snapshot> read_snapshots(const ByteSource& file, const Header& header);

/// The one snapshot that `wanted` means: "id:N" is an id, anything else a name or an id. Throws Error(not_found), or
/// Error(refused) that lists the ids when several fit.
const Snapshot& select_snapshot(const ByteSource& file, const std::vector<Snapshot>& snapshots,
                                const std::string& wanted);

}  // namespace varve::qcow2
