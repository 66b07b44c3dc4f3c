#pragma once
/// Converts a disk of an appliance to an appliance again, with its descriptor and small files.

#include <memory>
#include <string>

#include "engine/base/progress.h"
#include "engine/image/image_writer.h"
#include "formats/create_image.h"
#include "formats/open_image.h"

namespace varve {

/// Starts an appliance at `path` like create_image() with the same options; `source` is a disk of one. Warns about
/// files that cannot be copied.
std::unique_ptr<ImageWriter> create_appliance_copy(const std::string& path, const CreateOptions& options,
                                                   const OpenedImage& source, Progress& progress);

}  // namespace varve
