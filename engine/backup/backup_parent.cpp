#include "engine/backup/backup_parent.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/repository/map_page.h"

namespace varve {

BackupBase choose_base(const Catalog& catalog, const BackupRequest& request) {
    const std::vector<ListedSnapshot> former = catalog.snapshots(request.disk);
    if (former.empty()) return {std::nullopt, nullptr, 0, "full"};
    if (const auto& changes = request.changes) {
        for (const ListedSnapshot& snapshot : former)
            if (snapshot.record.id == changes->since)
                return {snapshot, changes->map, changes->audit_chunks, changes->source};
    }
    return {former.back(), nullptr, 0, "rescan"};
}

void check_disk_size(ByteCount size) {
    if (size > map_disk_bytes_max)
        throw Error(ErrorCode::unsupported, fmt::format("the disk has {} bytes; a snapshot holds at most {} (256 TiB)",
                                                        size.value, map_disk_bytes_max.value));
}

}  // namespace varve
