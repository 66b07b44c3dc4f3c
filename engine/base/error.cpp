#include "engine/base/error.h"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace varve {
namespace {

/// What to do about an error whose own text does not make that clear.
std::string_view advice_for(int error_number) {
    switch (error_number) {
        case EMFILE:
            return "; raise this process's limit of open files (ulimit -n)";
        case EFBIG:
            return "; the limit of file sizes of this process (ulimit -f) or of the file system is reached";
        case ENOSPC:
            return "; make space on this file system, then run the command again";
        case EDQUOT:
            return "; remove files or have the quota raised, then run the command again";
        case EROFS:
            return "; this command writes there: mount the file system for reading and writing";
        default:
            return "";
    }
}

}  // namespace

void Error::with_context(std::string_view context) { message_ = fmt::format("{}: {}", context, message_); }

bool is_damaged_or_missing(const Error& error) {
    return error.code() == ErrorCode::corrupt || error.code() == ErrorCode::not_found;
}

Error io_error(std::string_view what, int error_number) {
    return Error(ErrorCode::io, fmt::format("{}: {}{}", what, std::generic_category().message(error_number),
                                            advice_for(error_number)));
}

}  // namespace varve
