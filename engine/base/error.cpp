#include "engine/base/error.h"

#include <system_error>

#include <fmt/format.h>

namespace varve {

Error& Error::with_context(std::string_view context) {
    message_ = fmt::format("{}: {}", context, message_);
    return *this;
}

Error io_error(std::string_view what, int error_number) {
    return Error(ErrorCode::io, std::string(what) + ": " + std::generic_category().message(error_number));
}

}  // namespace varve
