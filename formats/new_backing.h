#pragma once
/// The backing image that a new image is to name.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/file.h"
#include "formats/base/format_list.h"

namespace varve {

/// Opens the image that a new one at `path` will find under `name`: a name is relative to the folder of `path`, as in
/// qemu. Its format is `format`, or what its first bytes say; bytes that nothing claims are raw only when `format` says
/// so. Throws Error(refused) when the format is unclear, when `name` is not a path, and when `path` is a file of that
/// chain; else what open_image_chain() throws.
NewBacking open_new_backing(const std::string& path, const std::string& name, const std::optional<std::string>& format,
                            const FormatList& formats);

}  // namespace varve
