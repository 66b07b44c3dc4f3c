#pragma once
/// The backing image that a new image will name.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/file.h"
#include "formats/base/format_list.h"

namespace varve {

/// Opens the image that a new one at `path` will find under `name`, which is relative to the folder of `path`, as in
/// qemu. Its format is `format`, or is detected from its first bytes; it is raw only if `format` is. Throws
/// Error(refused) if the format is unknown, if `name` is not a path, or if `path` is a file of that chain; otherwise
/// what open_image_chain() throws.
NewBacking open_new_backing(const std::string& path, const std::string& name, const std::optional<std::string>& format,
                            const FormatList& formats);

}  // namespace varve
