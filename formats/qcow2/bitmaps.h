#pragma once
/// The directory of persistent dirty bitmaps of a qcow2 image: which bitmaps exist, not their bits. Source: qemu
/// docs/interop/qcow2.txt, "Bitmaps".

#include <string>
#include <vector>

#include "engine/image/image_info.h"
#include "formats/base/byte_source.h"
#include "formats/qcow2/header.h"

namespace varve::qcow2 {

/// The bitmaps of the directory; empty when the image has none, or when the directory is damaged, which adds a sentence
/// to `warnings`.
std::vector<ImageBitmap> read_bitmaps(const ByteSource& file, const Header& header, std::vector<std::string>& warnings);

}  // namespace varve::qcow2
