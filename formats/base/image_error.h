#pragma once
/// The sentences in which an image is refused: they begin with the file and end with what to do about it.

#include <string_view>

#include "engine/base/error.h"
#include "formats/base/byte_source.h"

namespace varve {

/// Error(corrupt): bytes of `source` break the rules of its format. `what` names the place, the expected and the found.
Error corrupt_image(const ByteSource& source, std::string_view what);

/// Error(unsupported): a sound image with a feature that this version does not read. `feature` completes "… uses".
Error unsupported_image(const ByteSource& source, std::string_view feature);

}  // namespace varve
