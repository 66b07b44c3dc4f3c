#pragma once
/// The restore job: every byte of a snapshot, each chunk checked against its id, into an image writer; zero and
/// unallocated ranges as such, so that the image is as thin as the source was.

#include <stop_token>

#include "engine/image_writer.h"
#include "engine/log_entry.h"
#include "engine/progress.h"
#include "engine/repository.h"

namespace varve {

/// Calls writer.finish() at the end; throws before it when anything is wrong, naming disk, offset and pack.
void restore(const Repository& repository, const SnapshotRecord& snapshot, ImageWriter& writer, Progress& progress,
             std::stop_token stop);

}  // namespace varve
