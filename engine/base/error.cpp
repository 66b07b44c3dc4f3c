#include "engine/base/error.h"

#include <system_error>

#include <fmt/format.h>

namespace varve {

void Error::with_context(std::string_view context) { message_ = fmt::format("{}: {}", context, message_); }

bool is_damaged_or_missing(const Error& error) {
    return error.code() == ErrorCode::corrupt || error.code() == ErrorCode::not_found;
}

Error io_error(std::string_view what, int error_number) {
    return Error(ErrorCode::io, std::string(what) + ": " + std::generic_category().message(error_number));
}

}  // namespace varve
