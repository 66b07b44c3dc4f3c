#include "engine/restore.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/copy_image.h"
#include "engine/snapshot_reader.h"

namespace varve {

void restore(const Repository& repository, const SnapshotRecord& snapshot, ImageWriter& writer, Progress& progress,
             std::stop_token stop) {
    progress.begin("restoring", snapshot.size);
    try {
        copy_image(SnapshotReader(repository.chunks, snapshot), writer, progress, stop);
        writer.finish();
    } catch (Error& error) {
        if (error.code() == ErrorCode::corrupt || error.code() == ErrorCode::not_found)
            error.with_context(
                fmt::format("cannot restore snapshot {} of disk '{}'", snapshot.id.hex().substr(0, 8), snapshot.disk));
        throw;
    }
}

}  // namespace varve
