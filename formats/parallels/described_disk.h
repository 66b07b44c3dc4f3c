#pragma once
/// Opens a disk that a descriptor makes of several images: the parts of the disk one after the other, and in each part
/// the images of a state and of all that it is based on, one above the other.

#include <memory>

#include "engine/image/image_reader.h"
#include "formats/base/byte_source.h"
#include "formats/base/layer.h"

namespace varve::parallels {

/// Opens the state that `request` asks for, by the files that the descriptor in `source` names. The facts list the
/// other states as internal snapshots; their times are when their images were last written. Throws Error(not_found) for
/// a snapshot that the disk does not have, and what the descriptor's and the images' readers and request.open_extent
/// throw.
std::unique_ptr<ImageReader> open_described_disk(ByteSourcePtr source, LayerRequest& request);

/// What to tell about an image that was opened by itself, if the descriptor beside it says that it is not the whole
/// disk: a sentence if it holds an earlier state, Error(refused) if it does not hold a state by itself. Nothing without
/// a descriptor that names it.
std::optional<std::string> doubt_about_lone_image(const ByteSource& image, const LayerRequest& request);

}  // namespace varve::parallels
