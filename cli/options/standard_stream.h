#pragma once
/// Names of the standard streams and of pipes, as they are typed instead of "-".

#include <string>

namespace varve {

/// "-" for /dev/stdin and its other names; else `path`.
std::string source_as_typed(const std::string& path);

/// "-" for /dev/stdout and its other names; else `path`.
std::string target_as_typed(const std::string& path);

/// Whether `path` leads to a pipe: it can be read once, from its beginning, as standard input.
bool names_pipe(const std::string& path);

/// Throws Error(refused) for a pipe, where an image is read here and there.
void refuse_pipe(const std::string& path);

}  // namespace varve
