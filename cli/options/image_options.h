#pragma once
/// The options that say how an image on the command line is to be read, alike for every verb that reads one.

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/verb.h"
#include "engine/base/progress.h"
#include "formats/open_image.h"

namespace varve {

/// --format, --snapshot, --member, --allow-under, ...
std::vector<OptionSpec> image_option_specs();

/// What is said of an option that takes the format of `of`, e.g. "the image".
std::string format_help(std::string_view of);

/// Who only looks at an image says LiveImage::warn; then an appliance's disk is not read through for its manifest.
OpenOptions image_options(const Invocation& call, LiveImage live = LiveImage::refuse);

/// Opens an image with its chain, and tells what it warns of. Throws what open_image_chain() throws.
OpenedImage open_named_image(const std::string& path, const OpenOptions& options, Progress& progress);

/// The appliance that a path names, or null. Throws what open_package() throws.
std::shared_ptr<const appliance::PackageReader> open_named_package(const std::string& path, const OpenOptions& options);

/// The same as open_named_image() for an image that came through a pipe. Throws what open_lone_image() throws.
OpenedImage open_piped_image(File file, const OpenOptions& options, Progress& progress);

}  // namespace varve
