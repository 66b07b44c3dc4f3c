#pragma once
/// The restore job: every byte of a snapshot, each chunk checked against its id, into an image writer; zero and
/// unallocated ranges as such, so that the image is as thin as the source was.

#include <optional>
#include <stop_token>

#include "engine/base/progress.h"
#include "engine/image/image_writer.h"
#include "engine/repository/log_entry.h"
#include "engine/repository/repository.h"

namespace varve {

/// Calls writer.finish() at the end; throws before it when anything is wrong, naming disk, offset and pack. With
/// `range`, which check_range() let pass, only those bytes of the disk, from the image's byte 0 on. Warns of bytes that
/// the snapshot's source could not give.
void restore(const Repository& repository, const SnapshotRecord& snapshot, ImageWriter& writer, Progress& progress,
             std::stop_token stop, const std::optional<ByteRange>& range = std::nullopt);

/// Throws Error(refused), with the disk's size, when `range` does not lie inside of the disk.
void check_range(const SnapshotRecord& snapshot, ByteRange range);

}  // namespace varve
