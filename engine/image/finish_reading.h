#pragma once
/// The end of every job that read an image: what was read counts only after this.

#include "engine/base/progress.h"
#include "engine/image/image_reader.h"

namespace varve {

/// Throws what check_unchanged() throws, and passes the reader's late warnings on. Call it after the last read and
/// before using the bytes.
void finish_reading(const ImageReader& image, Progress& progress);

}  // namespace varve
