#pragma once
/// The only exception class: an operation has failed, and one sentence states why. Ordinary answers are values instead.
/// The text names the file, what was expected, what was found and what to do; callers add context on the way up. It may
/// quote names from images and guests verbatim: the output edge (cli/terminal) escapes them. Only cli/main turns an
/// Error into an exit status.

#include <exception>
#include <string>
#include <string_view>

namespace varve {

enum class ErrorCode {
    not_found,        ///< a named thing does not exist
    corrupt,          ///< bytes break the rules of their format
    catalog_damaged,  ///< this host's catalog is damaged, of another version or out of step: rebuild it from the log
    unsupported,      ///< a valid input that this version does not read or write
    io,               ///< the operating system or a backend failed
    conflict,         ///< another process changed what this operation relied on; running it again may succeed
    refused,          ///< a safety rule forbids it (an existing file, a name that leads outside an allowed folder)
    cancelled,        ///< the user asked to stop
    usage,            ///< the call itself is wrong
};

class Error : public std::exception {
public:
    Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

    ErrorCode code() const { return code_; }
    const char* what() const noexcept override { return message_.c_str(); }

    /// Prefixes the message with `context` and ": ". Call it on a caught Error&, then `throw;`.
    void with_context(std::string_view context);

private:
    ErrorCode code_;
    std::string message_;
};

/// Whether content of the repository is damaged or missing (corrupt, not_found); never the catalog, which can be
/// rebuilt.
bool is_damaged_or_missing(const Error& error);

/// An io error whose message ends with the text of `error_number` (an errno value).
Error io_error(std::string_view what, int error_number);

}  // namespace varve
