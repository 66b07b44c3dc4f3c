#pragma once
/// Writes a raw disk in pieces of equal length, the last of which may be shorter: NAME.000, NAME.001 and so on, or from
/// NAME.001 on. Each is described in writer.h. They are written one after the other; all get their names at the end,
/// the first piece last: under the user's name there is either what was there before, or the beginning of a complete
/// disk.

#include <memory>

#include "formats/base/format_descriptor.h"
#include "formats/raw/options.h"

namespace varve::raw {

/// options.split is present; image.path names the first piece. Throws Error(usage) for another name, a device or a
/// stream, and for more pieces than three digits can name; what image.open_output_files throws.
std::unique_ptr<ImageWriter> create_split_writer(const NewImage& image, const Options& options);

}  // namespace varve::raw
