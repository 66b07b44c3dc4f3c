#include "cli/restore/target_folder.h"

#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "engine/base/interrupted_calls.h"

namespace varve {
namespace {

constexpr mode_t new_folder_mode = 0777;  // the kernel takes the umask off

std::string without_slashes_at_end(const std::string& path) {
    const std::size_t last = path.find_last_not_of('/');
    return last == path.npos ? path.substr(0, 1) : path.substr(0, last + 1);
}

/// The folder part of a path without '/' at its end.
std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == path.npos ? "." : path.substr(0, slash + 1);
}

std::string last_part_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }  // npos + 1 is 0

bool is_plain_name(std::string_view part) {
    return !part.empty() && part != "." && part != ".." && part.find('/') == part.npos;
}

File open_folder(const File& parent, const std::string& name, int flags, const std::string& path) {
    UniqueFd fd(retry_interrupted(
        [&] { return ::openat(parent.fd(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags); }));
    if (fd) return File(std::move(fd), path);
    if (errno == ENOTDIR || errno == ELOOP)
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' is in the way: expected a folder, found a file or a symbolic link (which is not "
                                "followed); restore to another folder",
                                path));
    throw io_error(fmt::format("cannot open folder '{}'", path), errno);
}

}  // namespace

bool means_folder(const std::string& path) {
    struct stat status {};
    return path.ends_with('/') || (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode));
}

TargetFolder::TargetFolder(const std::string& path)
    : path_(path.ends_with('/') ? path : path + '/'),
      around_(File::open(parent_of(without_slashes_at_end(path)), O_RDONLY | O_DIRECTORY)) {
    const std::string name = last_part_of(without_slashes_at_end(path));
    if (is_plain_name(name)) {
        make(around_, name, path_);
        open_.emplace("", open_folder(around_, name, 0, path_));
    } else {
        open_.emplace("", File::open(path_, O_RDONLY | O_DIRECTORY));  // "/", ".", ".."
    }
}

TargetFolder::~TargetFolder() {
    for (auto made = made_.rbegin(); made != made_.rend(); ++made)
        ::unlinkat(made->parent->fd(), made->name.c_str(), AT_REMOVEDIR);
}

const File& TargetFolder::beneath(const std::string& name) {
    if (const auto found = open_.find(name); found != open_.end()) return found->second;
    const std::size_t slash = name.rfind('/');
    const std::string last = last_part_of(name);
    VARVE_CHECK(is_plain_name(last));
    const File& parent = beneath(slash == name.npos ? "" : name.substr(0, slash));
    make(parent, last, path_of(name));
    return open_.emplace(name, open_folder(parent, last, O_NOFOLLOW, path_of(name))).first->second;
}

void TargetFolder::make(const File& parent, const std::string& name, const std::string& path) {
    if (::mkdirat(parent.fd(), name.c_str(), new_folder_mode) == 0) {
        made_.push_back({&parent, name});
        // Some network file systems cannot sync a folder; nothing more can be done there.
        if (retry_interrupted([&] { return ::fsync(parent.fd()); }) != 0 && errno != EINVAL && errno != ENOTSUP)
            throw io_error(fmt::format("cannot sync the parent folder of '{}'", path), errno);
    } else if (errno != EEXIST) {
        throw io_error(fmt::format("cannot create folder '{}'", path), errno);
    }
}

std::string TargetFolder::path_of(std::string_view name) const { return path_ + std::string(name); }

}  // namespace varve
