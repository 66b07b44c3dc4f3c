#pragma once
/// Copies one image to another: extents in order, their bytes read on several threads, zero and unallocated ranges
/// passed on as such, so that the copy is as thin as the source. Shared by restore and convert.
///
/// Memory is bounded by the pieces in progress: 2 MiB each, at most worker_count() + 2 of them.

#include <stop_token>

#include "engine/base/progress.h"
#include "engine/image/image_reader.h"
#include "engine/image/image_writer.h"

namespace varve {

/// Advances the phase that the caller began by the guest bytes of data (data_bytes() of image_space.h); leaves finish()
/// to the caller. Throws what reader and writer throw, and Error(cancelled).
void copy_image(const ImageReader& source, ImageWriter& writer, Progress& progress, const std::stop_token& stop);

}  // namespace varve
