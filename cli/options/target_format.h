#pragma once
/// In which format an image is written when the user names a path and perhaps a format.

#include <optional>
#include <string>

namespace varve {

/// The format typed, else that of a known ending of `path`, else `otherwise`. Block devices are raw, and so is "-"
/// (standard output) where no format was typed that may_be_streamed(); another one typed for them is Error(usage).
std::string target_format(const std::string& path, const std::optional<std::string>& typed,
                          const std::string& otherwise);

/// What is said of the option that takes it.
std::string target_format_help();

}  // namespace varve
