#include "cli/backup/source_change.h"

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {

void check_same_source(const SnapshotRecord& newest, const BackupSource& source, const SourceRecord& now,
                       FormatNamed format_named) {
    const std::string& disk = source.disk;
    if (newest.source.path != now.path && source.named == DiskNamed::by_file)
        throw Error(
            ErrorCode::refused,
            fmt::format("disk '{}' was last backed up from '{}', this is '{}'; if it is the same disk, pass --disk {}, "
                        "otherwise name it differently with --disk NAME",
                        disk, newest.source.path, now.path, disk));
    if (newest.source.format != now.format && format_named == FormatNamed::by_detection)
        throw Error(
            ErrorCode::refused,
            fmt::format(
                "disk '{}' was last backed up as {}, '{}' looks like {}; if that is right, pass --format {}, if it "
                "is still {}, pass --format {}",
                disk, newest.source.format, source.path, now.format, now.format, newest.source.format,
                newest.source.format));
}

}  // namespace varve
