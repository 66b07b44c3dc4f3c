#pragma once
/// The options that say how an image on the command line is to be read, alike for every verb that reads one.

#include <vector>

#include "cli/arguments.h"
#include "engine/progress.h"
#include "formats/open_image.h"

namespace varve {

/// --format, --snapshot, --allow-under, --backing-format.
std::vector<OptionSpec> image_option_specs();

OpenOptions image_options(const Arguments& arguments);

/// Opens `path` and tells what the image warns of.
std::unique_ptr<ImageReader> open_named_image(const std::string& path, const Arguments& arguments, Progress& progress,
                                              LiveImage live = LiveImage::refuse);

}  // namespace varve
