#include "formats/guard/medium_identity.h"

#include <cerrno>

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {

FileIdentity medium_identity(const struct stat& status) {
    if (S_ISBLK(status.st_mode)) return {status.st_rdev, 0};
    return {status.st_dev, status.st_ino};
}

std::optional<FileIdentity> medium_identity(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) return medium_identity(status);
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw io_error(fmt::format("cannot stat '{}'", path), errno);
}

}  // namespace varve
