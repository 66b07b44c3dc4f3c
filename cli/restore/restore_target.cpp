#include "cli/restore/restore_target.h"

#include <filesystem>

#include <fmt/format.h>

#include "cli/options/output_options.h"
#include "cli/options/recorded_mode.h"
#include "cli/options/source_path.h"
#include "cli/options/target_format.h"
#include "engine/base/error.h"
#include "formats/create_image.h"
#include "formats/guard/file_users.h"
#include "formats/output/output_device.h"

namespace varve {
namespace {

/// Whether the image goes where the snapshot was taken, be it still there or not.
bool is_own_place(const std::string& path, const SnapshotRecord& snapshot) {
    if (path == "-" || snapshot.source.path == "-") return false;
    std::error_code unknown;
    const auto medium = medium_identity(path);
    if (!medium)
        return std::filesystem::weakly_canonical(std::filesystem::absolute(path), unknown).string() ==
               snapshot.source.path;
    return medium == medium_identity(snapshot.source.path) || recorded_path(path) == snapshot.source.path;
}

bool is_own_source(const RestoreTarget& target, const SnapshotRecord& snapshot) {
    return is_own_place(target.path, snapshot) && medium_identity(target.path);
}

/// In its own place a disk stays the one that VirtualBox has registered under its UUID. Anywhere else it must not: two
/// disks of one UUID exclude each other. A snapshot above it that VirtualBox took meanwhile must not fit any more, so
/// each restore counts as another modification.
void keep_identity(RestoreTarget& target, const SnapshotRecord& snapshot) {
    const auto recorded = snapshot.source.options.find("uuid");
    if (recorded == snapshot.source.options.end() || target.format != snapshot.source.format ||
        target.size != snapshot.size || !is_own_place(target.path, snapshot))
        return;
    const bool is_kept = target.options.insert(*recorded).second;  // unless the user typed another
    if (is_kept) target.options.emplace("modification_uuid", Uuid::make_random().text());
}

/// A device that the snapshot was taken of may be the disk of a running machine, even one that takes no QEMU locks.
void refuse_busy_source(const RestoreTarget& target, const SnapshotRecord& snapshot) {
    if (!names_block_device(target.path) || !is_own_source(target, snapshot)) return;
    if (const auto opener = other_opener(*medium_identity(target.path)))
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' is the disk that this snapshot was taken of, and {} has it open; shut that down "
                                "first, or restore to another path",
                                target.path, *opener));
}

RestoreTarget target_of(const std::string& path, const std::string& format, const RestoreOptions& options,
                        const SnapshotRecord& snapshot) {
    RestoreTarget target;
    target.path = path;
    target.format = format;
    target.options = options_for_target(options.creation, format, snapshot.source.options, snapshot.source.format);
    target.size = options.range ? options.range->length : snapshot.size;
    target.overwrite = options.overwrite;
    target.device_rest = options.device_rest;
    target.secret = options.secret;
    if (options.mode == RestoreMode::recorded)
        target.mode = recorded_mode(snapshot.source.options).value_or(restored_mode);
    return target;
}

}  // namespace

RestoreTarget restore_target(const std::string& path, const RestoreOptions& options, const SnapshotRecord& snapshot) {
    const std::string default_format = options.range ? "raw" : snapshot.source.format;
    RestoreTarget target = target_of(path, target_format(path, options.format, default_format), options, snapshot);
    keep_identity(target, snapshot);
    return target;
}

RestoreTarget restore_target_in(const File& folder, const std::string& path, const RestoreOptions& options,
                                const SnapshotRecord& snapshot) {
    RestoreTarget target = target_of(path, options.format.value_or(snapshot.source.format), options, snapshot);
    target.folder = &folder;
    return target;
}

std::unique_ptr<ImageWriter> create_restore_target(const RestoreTarget& target, const SnapshotRecord& snapshot,
                                                   Progress& progress) {
    if (target.overwrite == Overwrite::force && target.folder == nullptr) refuse_busy_source(target, snapshot);
    CreateOptions created{target.format, target.size, target.overwrite, {}, target.options, target.folder};
    created.device_rest = target.device_rest;
    created.mode = target.mode;
    created.secret = target.secret;
    for (const std::string& sentence : creation_warnings(target.path, created)) progress.warn(sentence);
    return create_image(target.path, created);
}

}  // namespace varve
