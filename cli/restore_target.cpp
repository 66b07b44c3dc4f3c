#include "cli/restore_target.h"

#include <fmt/format.h>

#include "cli/backup_sources.h"
#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "formats/create_image.h"
#include "formats/file_users.h"
#include "formats/output_device.h"

namespace varve {
namespace {

bool is_own_source(const RestoreTarget& target, const SnapshotRecord& snapshot) {
    if (target.path == "-" || snapshot.source.path == "-") return false;
    const auto medium = medium_identity(target.path);
    return medium &&
           (medium == medium_identity(snapshot.source.path) || recorded_path(target.path) == snapshot.source.path);
}

/// A device whose content came from it may be a machine's disk, also of one that takes no QEMU locks.
void refuse_busy_source(const RestoreTarget& target, const SnapshotRecord& snapshot) {
    if (!names_block_device(target.path) || !is_own_source(target, snapshot)) return;
    if (const auto opener = other_opener(*medium_identity(target.path)))
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' is the disk that this snapshot was taken of, and {} has it open; shut that down "
                                "first, or restore to another path",
                                escape_for_display(target.path), *opener));
}

}  // namespace

RestoreTarget restore_target(const std::string& path, const std::optional<std::string>& format, Overwrite overwrite,
                             const SnapshotRecord& snapshot) {
    const bool is_raw_only = path == "-" || names_block_device(path);
    if (is_raw_only && format && *format != "raw")
        throw Error(ErrorCode::usage,
                    fmt::format("{} takes raw only, not {}; leave --format out",
                                path == "-" ? "standard output" : "a block device", escape_for_display(*format)));
    if (is_raw_only) return {path, "raw", overwrite};
    const auto by_ending = format_of_ending(path);
    return {path, format ? *format : by_ending ? *by_ending : snapshot.source.format, overwrite};
}

std::unique_ptr<ImageWriter> create_restore_target(const RestoreTarget& target, const SnapshotRecord& snapshot) {
    if (target.overwrite == Overwrite::force) refuse_busy_source(target, snapshot);
    return create_image(target.path, {target.format, snapshot.size, target.overwrite, {}});
}

}  // namespace varve
