#pragma once
/// Opens an image with its chain for a verb that works on images alone, and tells what it warns of.

#include <string>

#include "engine/progress.h"
#include "formats/open_image.h"

namespace varve {

/// Throws what open_image_chain() throws.
OpenedImage open_chain(const std::string& path, const OpenOptions& options, Progress& progress);

}  // namespace varve
