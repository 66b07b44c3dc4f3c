#pragma once
/// The one exception class: an operation is over, and one sentence says why. Ordinary answers are values instead.
/// The text names the file, what was expected, what was found and what to do; callers add context as it climbs.
/// Only cli/main turns an Error into an exit status.

#include <exception>
#include <string>
#include <string_view>

namespace varve {

enum class ErrorCode {
    not_found,    ///< a named thing does not exist
    corrupt,      ///< bytes break the rules of their format
    unsupported,  ///< a valid input that this version does not read or write
    io,           ///< the operating system or a backend failed
    conflict,     ///< somebody else changed what this operation stood on; running it again may succeed
    refused,      ///< a safety rule forbids it (an existing file, a name that leads outside an allowed folder)
    cancelled,    ///< the user asked to stop
    usage,        ///< the call itself is wrong
};

class Error : public std::exception {
public:
    Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

    ErrorCode code() const { return code_; }
    const char* what() const noexcept override { return message_.c_str(); }

    /// Puts `context` and ": " before the message; returns itself so that `throw e.with_context(...)` reads well.
    Error& with_context(std::string_view context);

private:
    ErrorCode code_;
    std::string message_;
};

/// An io error that ends with the text of `error_number` (an errno value).
Error io_error(std::string_view what, int error_number);

}  // namespace varve
