#pragma once
/// What every encrypted format says and does when the secret is missing.

#include "engine/base/error.h"
#include "formats/base/byte_source.h"

namespace varve::crypt {

/// Error(refused): the image is encrypted ("by LUKS"), and reading it takes --secret-file. `otherwise` completes the
/// sentence.
Error secret_needed(const ByteSource& source, std::string_view how, std::string_view otherwise = "");

}  // namespace varve::crypt
