#pragma once
/// The errors with which an image is refused: each message begins with the file and ends with advice.

#include <string_view>

#include "engine/base/error.h"
#include "formats/base/byte_source.h"

namespace varve {

/// Error(corrupt): bytes of `source` break the rules of its format. `what` states the place, what was expected and what
/// was found.
Error corrupt_image(const ByteSource& source, std::string_view what);

/// Error(unsupported): a valid image with a feature that this version does not read. `feature` completes "… uses".
Error unsupported_image(const ByteSource& source, std::string_view feature);

}  // namespace varve
