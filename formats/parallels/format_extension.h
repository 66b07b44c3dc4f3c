#pragma once
/// The format extension of a Parallels image: one cluster with optional features, of which dirty bitmaps are known. No
/// guest byte depends on them. Source: qemu docs/interop/parallels.txt, "Format Extension".

#include <string>
#include <vector>

#include "engine/image/image_info.h"
#include "formats/base/byte_source.h"
#include "formats/parallels/header.h"

namespace varve::parallels {

/// The dirty bitmaps that the extension lists: which exist, not their bits; empty without an extension. One that is
/// damaged is left out, which adds a sentence to `warnings`. Throws Error(unsupported) for an unknown feature that the
/// image declares as necessary.
std::vector<ImageBitmap> read_bitmaps(const ByteSource& device, const Header& header,
                                      std::vector<std::string>& warnings);

}  // namespace varve::parallels
