#include "cli/restore_target.h"

#include <fmt/format.h>

#include "cli/backup_sources.h"
#include "cli/busy_file.h"
#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "formats/create_image.h"
#include "formats/output_device.h"

namespace varve {
namespace {

bool is_own_source(const RestoreTarget& target, const SnapshotRecord& snapshot) {
    if (target.path == "-" || snapshot.source.path == "-") return false;
    const auto medium = medium_identity(target.path);
    return medium &&
           (medium == medium_identity(snapshot.source.path) || recorded_path(target.path) == snapshot.source.path);
}

void refuse_busy_source(const RestoreTarget& target, const SnapshotRecord& snapshot) {
    if (!is_own_source(target, snapshot)) return;
    if (const auto opener = other_opener(target.path))
        throw Error(
            ErrorCode::refused,
            fmt::format(
                "'{}' is the disk that this snapshot was taken of, and {} has it open; shut that down first, or "
                "restore to another path",
                escape_for_display(target.path), *opener));
}

/// Looks once more, right before the new image replaces the source: a restore takes long.
class GuardedWriter final : public ImageWriter {
public:
    GuardedWriter(std::unique_ptr<ImageWriter> writer, RestoreTarget target, SnapshotRecord snapshot)
        : writer_(std::move(writer)), target_(std::move(target)), snapshot_(std::move(snapshot)) {}

    void write(ByteOffset at, ByteView bytes) override { writer_->write(at, bytes); }
    void zero(ByteRange range) override { writer_->zero(range); }
    void finish() override {
        refuse_busy_source(target_, snapshot_);
        writer_->finish();
    }
    ByteCount bytes_written() const override { return writer_->bytes_written(); }

private:
    std::unique_ptr<ImageWriter> writer_;
    RestoreTarget target_;
    SnapshotRecord snapshot_;
};

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
    auto writer = create_image(target.path, {target.format, snapshot.size, target.overwrite, {}});
    const bool may_replace_source = target.path != "-" && !names_block_device(target.path);
    if (!may_replace_source) return writer;
    return std::make_unique<GuardedWriter>(std::move(writer), target, snapshot);
}

}  // namespace varve
