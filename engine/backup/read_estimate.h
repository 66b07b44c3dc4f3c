#pragma once
/// How much a backup will read, from the source's metadata alone: for the dry run and for the progress.

#include <stop_token>

#include "engine/base/progress.h"
#include "engine/change/change_map.h"
#include "engine/image/image_reader.h"

namespace varve {

/// Data of the chunks in which something may differ. Walks the extents of those only.
ByteCount data_to_read(const ImageReader& source, const ChangeMap& changes, const std::stop_token& stop);

}  // namespace varve
