#pragma once
/// The restore job: writes every byte of a snapshot to an image writer; zero and unallocated ranges remain so, and the
/// image is as thin as the source was. Before the first byte, the snapshot's size and map are proved by its root; then
/// each chunk is checked against its id.

#include <optional>
#include <stop_token>

#include "engine/base/progress.h"
#include "engine/image/image_writer.h"
#include "engine/repository/log_entry.h"
#include "engine/repository/repository.h"

namespace varve {

/// Calls writer.finish() at the end; throws before that when anything is wrong, naming disk, offset and pack. With
/// `range`, which check_range() accepted, only those bytes of the disk, from the image's byte 0 on. Warns about bytes
/// that could not be read from the snapshot's source.
void restore(const Repository& repository, const SnapshotRecord& snapshot, ImageWriter& writer, Progress& progress,
             std::stop_token stop, const std::optional<ByteRange>& range = std::nullopt);

/// Throws Error(refused) that states the disk's size when `range` is not inside the disk.
void check_range(const SnapshotRecord& snapshot, ByteRange range);

}  // namespace varve
