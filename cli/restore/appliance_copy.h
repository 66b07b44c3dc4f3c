#pragma once
/// A disk of an appliance that becomes an appliance again: the descriptor and the small files go along.

#include <memory>
#include <string>

#include "engine/base/progress.h"
#include "engine/image/image_writer.h"
#include "formats/create_image.h"
#include "formats/open_image.h"

namespace varve {

/// Starts an appliance at `path` as create_image() does with the same options; `source` is a disk of one. Warns of what
/// could not go along.
std::unique_ptr<ImageWriter> create_appliance_copy(const std::string& path, const CreateOptions& options,
                                                   const OpenedImage& source, Progress& progress);

}  // namespace varve
