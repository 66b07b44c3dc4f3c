#include "cli/options/standard_stream.h"

#include <sys/stat.h>

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {
namespace {

bool names_stream(const std::string& path, const char* word, int number) {
    return path == fmt::format("/dev/{}", word) || path == fmt::format("/dev/fd/{}", number) ||
           path == fmt::format("/proc/self/fd/{}", number);
}

}  // namespace

std::string source_as_typed(const std::string& path) { return names_stream(path, "stdin", 0) ? "-" : path; }

std::string target_as_typed(const std::string& path) { return names_stream(path, "stdout", 1) ? "-" : path; }

bool names_pipe(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

void refuse_pipe(const std::string& path) {
    if (!names_pipe(path)) return;
    throw Error(ErrorCode::refused,
                fmt::format("'{}' is a pipe, which can be read only once: first save it as a file with "
                            "'varve convert - FILE'",
                            path));
}

}  // namespace varve
