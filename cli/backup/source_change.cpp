#include "cli/backup/source_change.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/escape.h"

namespace varve {

void check_same_source(const SnapshotRecord& newest, const BackupSource& source, const SourceRecord& now,
                       FormatNamed format_named) {
    const std::string disk = escape_for_display(source.disk);
    if (newest.source.path != now.path && source.named == DiskNamed::by_file)
        throw Error(
            ErrorCode::refused,
            fmt::format("disk '{}' was last backed up from '{}', this is '{}'; if it is the same disk say --disk {}, "
                        "else give it another name with --disk NAME",
                        disk, escape_for_display(newest.source.path), escape_for_display(now.path), disk));
    if (newest.source.format != now.format && format_named == FormatNamed::by_detection)
        throw Error(
            ErrorCode::refused,
            fmt::format(
                "disk '{}' was last backed up as {}, '{}' looks like {}; if that is right say --format {}, if it "
                "is still {} say --format {}",
                disk, escape_for_display(newest.source.format), escape_for_display(source.path), now.format, now.format,
                escape_for_display(newest.source.format), escape_for_display(newest.source.format)));
}

}  // namespace varve
