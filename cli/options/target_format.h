#pragma once
/// The format to write when the user names a path and perhaps a format.

#include <optional>
#include <string>

namespace varve {

/// The format typed, else that of the extension of `path`, else, without any extension, `otherwise`. Throws
/// Error(usage) for an extension that stands for no format that is written. Block devices are raw, and so is "-"
/// (standard output) unless a typed format may_be_streamed(); any other format typed for them is Error(usage).
std::string target_format(const std::string& path, const std::optional<std::string>& typed,
                          const std::string& otherwise);

/// Help for the option that takes it.
std::string target_format_help();

}  // namespace varve
