#include "formats/output/staged_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/hex.h"
#include "engine/base/interrupted_calls.h"
#include "engine/base/random.h"
#include "formats/guard/device_folder.h"

namespace varve {
namespace {

constexpr mode_t new_file_mode = 0666;  // the kernel subtracts the umask
constexpr mode_t private_mode = 0600;   // until it has the mode that it shall keep
constexpr int name_attempts_max = 16;

std::string_view kind_word(mode_t mode) {
    switch (mode & S_IFMT) {
        case S_IFLNK:
            return "a symbolic link, which is not followed";
        case S_IFDIR:
            return "a folder";
        case S_IFIFO:
            return "a named pipe";
        case S_IFSOCK:
            return "a socket";
        case S_IFCHR:
            return "a character device";
        case S_IFBLK:
            return "a block device";
        default:
            return "of an unknown kind";
    }
}

/// The file at the target, opened only to examine it; nothing without the right to read it.
std::optional<File> open_to_ask(const TargetName& target) {
    constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    const int fd = retry_interrupted([&] { return ::openat(target.folder->fd(), target.name.c_str(), flags); });
    if (fd < 0) return std::nullopt;
    return File(UniqueFd(fd), target.path);
}

/// A hidden name next to the final one, never used twice; a long name is cut to stay below the limit of 255 bytes.
std::string hidden_name(const std::string& name) {
    std::array<std::byte, 4> random{};
    random_bytes(random);
    return fmt::format(".{}.varve-{}.tmp", name.substr(0, 200), to_hex(random));
}

/// An O_TMPFILE file gets its name through /proc; without /proc a named file is used from the start.
bool can_name_later() { return ::access("/proc/self/fd", X_OK) == 0; }

std::optional<File> open_unnamed(const TargetName& target, mode_t mode) {
    if (!can_name_later()) return std::nullopt;
    const int fd =
        retry_interrupted([&] { return ::openat(target.folder->fd(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode); });
    if (fd < 0) return std::nullopt;  // no support, or an error that the named file will meet and report
    return File(UniqueFd(fd), target.path);
}

/// Creates the hidden file; its name goes to `hidden`.
File open_hidden(const TargetName& target, mode_t mode, std::string& hidden) {
    for (int attempt = 0; attempt < name_attempts_max; ++attempt) {
        std::string name = hidden_name(target.name);
        const int fd = retry_interrupted([&] {
            return ::openat(target.folder->fd(), name.c_str(), O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC,
                            mode);
        });
        if (fd >= 0) {
            hidden = std::move(name);
            return File(UniqueFd(fd), target.path);
        }
        if (errno != EEXIST) break;
    }
    throw io_error(fmt::format("cannot create a file next to '{}'", target.path), errno);
}

File open_staged(const TargetName& target, mode_t mode, std::string& hidden) {
    std::optional<File> unnamed = open_unnamed(target, mode);
    return unnamed ? std::move(*unnamed) : open_hidden(target, mode, hidden);
}

/// A mistyped device must not become a file: a new one in /dev, or one that such a mistake left there.
void refuse_file_among_devices(const std::string& path) {
    if (!is_device_folder(folder_part(path))) return;
    struct stat status {};
    const bool exists = ::stat(path.c_str(), &status) == 0;
    if (exists && !S_ISREG(status.st_mode)) return;  // refused below as what it is
    throw Error(
        ErrorCode::refused,
        fmt::format("'{}' {}, and no image is written as a file among devices: check the name of the device, or "
                    "choose a file in another folder",
                    path, exists ? "is a regular file" : "does not exist"));
}

/// Whether `path` leads to a pipe, a terminal or the like, perhaps by a link, as /dev/fd/3 does.
bool leads_to_stream(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 &&
           (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode) || S_ISSOCK(status.st_mode));
}

}  // namespace

File folder_of(const std::string& path, const File* folder) {
    if (folder == nullptr) {
        refuse_file_among_devices(path);
        return File::open(folder_part(path), O_RDONLY | O_DIRECTORY);
    }
    UniqueFd fd(::fcntl(folder->fd(), F_DUPFD_CLOEXEC, 0));
    if (!fd) throw io_error(fmt::format("cannot reopen '{}'", folder->path()), errno);
    return File(std::move(fd), folder->path());
}

TargetName target_name(const std::string& path, const File& folder) {
    std::string name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
    if (name.empty()) throw Error(ErrorCode::usage, fmt::format("'{}' does not name a file: add a file name", path));
    return {&folder, std::move(name), path};
}

std::optional<struct stat> replaceable_at(const TargetName& target, const TargetRules& rules) {
    struct stat status {};
    if (::fstatat(target.folder->fd(), target.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return std::nullopt;
        throw io_error(fmt::format("cannot stat '{}'", target.path), errno);
    }
    if (!S_ISREG(status.st_mode))
        throw Error(
            ErrorCode::refused,
            fmt::format("'{}' is {}: expected a new name or a regular file{}", target.path, kind_word(status.st_mode),
                        leads_to_stream(target.path)
                            ? "; to write raw bytes to a pipe, pass '-' as the target and redirect standard output"
                            : ""));
    refuse_forbidden(target.path, status, rules);
    refuse_unless_forced(target.path, rules);
    const std::optional<File> file = open_to_ask(target);
    refuse_in_use(target.path, status, file ? &*file : nullptr);
    return status;
}

bool sync_names(const File& folder) {
    return retry_interrupted([&] { return ::fsync(folder.fd()); }) == 0 || errno == EINVAL || errno == ENOTSUP;
}

StagedFile::StagedFile(TargetName target, const std::optional<struct stat>& replaced, std::optional<mode_t> mode)
    : target_(std::move(target)),
      is_replacement_(replaced.has_value()),
      file_(open_staged(target_, replaced || mode ? private_mode : new_file_mode, hidden_)) {
    try {
        identity_ = file_.identity();
        if (replaced)
            take_over_access(*replaced);
        else if (mode)
            set_mode(*mode);
    } catch (...) {
        remove_hidden();  // no destructor runs: the constructor did not finish
        throw;
    }
}

void StagedFile::take_over_access(const struct stat& replaced) {
    const bool owned_alike = ::fchown(file_.fd(), replaced.st_uid, replaced.st_gid) == 0;
    set_mode(replaced.st_mode & (owned_alike ? 0777 : 0700));
}

void StagedFile::set_mode(mode_t mode) {
    if (::fchmod(file_.fd(), mode) != 0)
        throw io_error(fmt::format("cannot set the permissions of '{}'", target_.path), errno);
}

void StagedFile::allocate(ByteCount length) {
    if (length.value == 0) return;
    int error = EINTR;
    while (error == EINTR) error = ::posix_fallocate(file_.fd(), 0, static_cast<off_t>(length.value));
    if (error != 0) throw io_error(fmt::format("cannot reserve {} bytes for '{}'", length.value, target_.path), error);
}

void StagedFile::write(ByteOffset at, ByteView bytes) {
    file_.write_all(at, bytes);
    writeback_.wrote(file_, {bytes.size()});
    bytes_written_ += {bytes.size()};
}

void StagedFile::close_hidden() {
    if (hidden_.empty() && !take_hidden_name())
        throw io_error(fmt::format("cannot give a part of '{}' a temporary name", target_.path), errno);
    file_ = File(UniqueFd(), target_.path);
}

void StagedFile::appear(const char* advice) {
    const int folder = target_.folder->fd();
    if (hidden_.empty()) {
        if (!link_unnamed_as(target_.name)) fail_to_publish(advice);
    } else if (rename_hidden_if_free(advice)) {
        hidden_.clear();
    } else {
        if (::linkat(folder, hidden_.c_str(), folder, target_.name.c_str(), 0) != 0) fail_to_publish(advice);
        remove_hidden();
    }
}

void StagedFile::take_name(const TargetRules& rules) {
    if (is_replacement_) {
        replaceable_at(target_, rules);
        replace();
    } else {
        appear(rules.overwrite == Overwrite::force ? "choose another name, or run this again to overwrite it"
                                                   : "choose another name, or pass --force to overwrite it");
    }
}

void StagedFile::sync_name() const {
    if (!sync_names(*target_.folder))
        throw io_error(fmt::format("'{}' is complete, but its folder can't be synced: it may be gone after a power cut",
                                   target_.path),
                       errno);
}

void StagedFile::replace() {
    if (hidden_.empty() && !take_hidden_name()) fail_to_publish("");
    const int folder = target_.folder->fd();
    if (::renameat(folder, hidden_.c_str(), folder, target_.name.c_str()) != 0) fail_to_publish("");
    hidden_.clear();
}

void StagedFile::withdraw() noexcept {
    struct stat status {};
    const int folder = target_.folder->fd();
    if (::fstatat(folder, target_.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
    if (FileIdentity{status.st_dev, status.st_ino} == identity_) ::unlinkat(folder, target_.name.c_str(), 0);
}

bool StagedFile::take_hidden_name() {
    std::string name = hidden_name(target_.name);
    if (!link_unnamed_as(name)) return false;
    hidden_ = std::move(name);
    return true;
}

bool StagedFile::link_unnamed_as(const std::string& name) const {
    const std::string source = fmt::format("/proc/self/fd/{}", file_.fd());
    return ::linkat(AT_FDCWD, source.c_str(), target_.folder->fd(), name.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

bool StagedFile::rename_hidden_if_free(const char* advice) const {
    const int folder = target_.folder->fd();
    if (::renameat2(folder, hidden_.c_str(), folder, target_.name.c_str(), RENAME_NOREPLACE) == 0) return true;
    if (errno == EINVAL || errno == ENOSYS) return false;
    fail_to_publish(advice);
}

void StagedFile::remove_hidden() noexcept {
    if (hidden_.empty()) return;
    ::unlinkat(target_.folder->fd(), hidden_.c_str(), 0);
    hidden_.clear();
}

void StagedFile::fail_to_publish(const char* advice) const {
    const int error_number = errno;
    if (error_number == EEXIST)
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' appeared while its image was being written and was left alone: {}", target_.path,
                                advice));
    throw io_error(fmt::format("cannot give the finished image its name '{}'", target_.path), error_number);
}

}  // namespace varve
