#pragma once
/// The options that say how an image on the command line is to be read, alike for every verb that reads one.

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "engine/progress.h"
#include "formats/open_image.h"

namespace varve {

/// --format, --snapshot, --allow-under, --backing-format.
std::vector<OptionSpec> image_option_specs();

/// What is said of an option that takes the format of `of`, e.g. "the image".
std::string format_help(std::string_view of);

OpenOptions image_options(const Arguments& arguments, LiveImage live = LiveImage::refuse);

/// Opens an image with its chain, and tells what it warns of. Throws what open_image_chain() throws.
OpenedImage open_named_image(const std::string& path, const OpenOptions& options, Progress& progress);

}  // namespace varve
