#include "engine/restore.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "engine/copy_image.h"
#include "engine/snapshot_reader.h"
#include "engine/window_reader.h"

namespace varve {

void restore(const Repository& repository, const SnapshotRecord& snapshot, ImageWriter& writer, Progress& progress,
             std::stop_token stop, const std::optional<ByteRange>& range) {
    try {
        const SnapshotReader disk(repository.chunks, snapshot);
        const WindowReader wanted(disk, range.value_or(ByteRange{{}, snapshot.size}));
        progress.begin("restoring", wanted.info().virtual_size);
        copy_image(wanted, writer, progress, stop);
        writer.finish();
    } catch (Error& error) {
        if (error.code() == ErrorCode::corrupt || error.code() == ErrorCode::not_found)
            error.with_context(
                fmt::format("cannot restore snapshot {} of disk '{}'", snapshot.id.hex().substr(0, 8), snapshot.disk));
        throw;
    }
}

void check_range(const SnapshotRecord& snapshot, ByteRange range) {
    const ByteOffset end = ByteOffset{} + snapshot.size;
    if (range.begin <= end && range.length <= end - range.begin) return;
    throw Error(ErrorCode::refused,
                fmt::format("the range of {} bytes at offset {} ends past disk '{}', which has {} bytes in snapshot {}",
                            range.length.value, range.begin.value, escape_for_display(snapshot.disk),
                            snapshot.size.value, snapshot.id.hex().substr(0, 8)));
}

}  // namespace varve
