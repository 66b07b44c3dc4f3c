#pragma once
/// The options for reading an image, the same for every command that reads one.

#include <string>
#include <vector>

#include "cli/options/arguments.h"
#include "cli/options/invocation.h"
#include "engine/base/progress.h"
#include "formats/open_image.h"

namespace varve {

/// --format, --snapshot, --member, --allow-under, ...
std::vector<OptionSpec> image_option_specs();

/// Help for an option that takes the format of `of`, e.g. "the image".
std::string format_help(std::string_view of);

/// Commands that only look at an image pass LiveImage::warn; an appliance's disk is then not checked against its
/// manifest.
OpenOptions image_options(const Invocation& call, LiveImage live = LiveImage::refuse);

/// Reads `image` with this detached header, if any; the format is then LUKS unless it is set already: the volume itself
/// begins with encrypted bytes.
void set_luks_header(ImageOptions& image, const std::optional<std::string>& header);

/// Opens an image with its chain, and passes its warnings on. Throws what open_image_chain() throws.
OpenedImage open_named_image(const std::string& path, const OpenOptions& options, Progress& progress);

/// The appliance at `path`, or null if it is something else. Throws what open_package() throws.
std::shared_ptr<const appliance::PackageReader> open_named_package(const std::string& path, const OpenOptions& options);

/// Like open_named_image(), for an image that was read from a pipe. Throws what open_lone_image() throws.
OpenedImage open_piped_image(File file, const OpenOptions& options, Progress& progress);

}  // namespace varve
