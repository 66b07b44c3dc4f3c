#include "engine/jobs/restore.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/image/copy_image.h"
#include "engine/image/image_space.h"
#include "engine/image/window_reader.h"
#include "engine/repository/map_proof.h"
#include "engine/repository/snapshot_reader.h"

namespace varve {
namespace {

ByteCount overlap(ByteRange a, ByteRange b) {
    const ByteOffset begin = std::max(a.begin, b.begin);
    const ByteOffset end = std::min(a.end(), b.end());
    return begin < end ? end - begin : ByteCount{};
}

/// What could not be read from the source is zeros here, and nothing in the image shows it.
void warn_of_unreadable(const SnapshotRecord& snapshot, ByteRange wanted, Progress& progress) {
    ByteCount bytes;
    for (const ByteRange& range : snapshot.unreadable) bytes += overlap(range, wanted);
    if (bytes.value == 0) return;
    progress.warn(
        fmt::format("{} bytes of disk '{}' could not be read when snapshot {} was taken and are zeros in what "
                    "is restored; `varve show` lists them",
                    bytes.value, snapshot.disk, short_id(snapshot.id)));
}

}  // namespace

void restore(const Repository& repository, const SnapshotRecord& snapshot, ImageWriter& writer, Progress& progress,
             std::stop_token stop, const std::optional<ByteRange>& range) {
    try {
        const ByteRange part = range.value_or(ByteRange{{}, snapshot.size});
        prove_map(repository.chunks, repository.catalog, snapshot, part);
        const SnapshotReader disk(repository.chunks, snapshot);
        const WindowReader wanted(disk, part);
        warn_of_unreadable(snapshot, part, progress);
        const ByteCount data = data_bytes(wanted, progress, stop);
        progress.begin(fmt::format("restoring {}", snapshot.disk), data);
        copy_image(wanted, writer, progress, stop);
        writer.finish();
    } catch (Error& error) {
        if (is_damaged_or_missing(error))
            error.with_context(
                fmt::format("cannot restore snapshot {} of disk '{}'", short_id(snapshot.id), snapshot.disk));
        throw;
    }
}

void check_range(const SnapshotRecord& snapshot, ByteRange range) {
    const ByteOffset end = ByteOffset{} + snapshot.size;
    if (range.begin <= end && range.length <= end - range.begin) return;
    throw Error(
        ErrorCode::refused,
        fmt::format("the range of {} bytes at offset {} ends past disk '{}', which has {} bytes in snapshot {}",
                    range.length.value, range.begin.value, snapshot.disk, snapshot.size.value, short_id(snapshot.id)));
}

}  // namespace varve
