#include "engine/backup/backup_request.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/repository/map_page.h"

namespace varve {

void check_disk_size(ByteCount size) {
    if (size > map_disk_bytes_max)
        throw Error(ErrorCode::unsupported, fmt::format("the disk has {} bytes; a snapshot holds at most {} (256 TiB)",
                                                        size.value, map_disk_bytes_max.value));
}

}  // namespace varve
