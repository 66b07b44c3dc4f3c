#include "cli/options/recorded_mode.h"

#include <sys/stat.h>

#include <fmt/format.h>

namespace varve {
namespace {

constexpr const char* mode_word = "mode";

}  // namespace

void record_mode(const std::string& path, OptionMap& options) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode))
        options.emplace(mode_word, fmt::format("0{:03o}", status.st_mode & 0777));
}

std::optional<mode_t> recorded_mode(const OptionMap& options) {
    const auto found = options.find(mode_word);
    if (found == options.end() || found->second.size() != 4 || found->second[0] != '0') return std::nullopt;
    mode_t mode = 0;
    for (const char digit : found->second) {
        if (digit < '0' || digit > '7') return std::nullopt;
        mode = mode * 8 + static_cast<mode_t>(digit - '0');
    }
    return mode;
}

}  // namespace varve
