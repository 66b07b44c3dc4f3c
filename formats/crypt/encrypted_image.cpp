#include "formats/crypt/encrypted_image.h"

#include <fmt/format.h>

namespace varve::crypt {

Error secret_needed(const ByteSource& source, std::string_view how, std::string_view otherwise) {
    return Error(ErrorCode::refused,
                 fmt::format("'{}' is encrypted {}: pass --secret-file FILE with its passphrase or key{}",
                             source.name(), how, otherwise));
}

}  // namespace varve::crypt
