#include "formats/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "engine/base/hex.h"
#include "engine/base/random.h"

namespace varve {
namespace {

constexpr mode_t new_file_mode = 0666;     // the kernel takes the umask off
constexpr mode_t replacement_mode = 0600;  // until it has the mode of the file it replaces
constexpr int name_attempts_max = 16;

/// A name inside a folder that is held open, so that no later swap of a path's parts leads elsewhere.
struct Place {
    File folder;
    std::string name;
    std::string path;  ///< as the user typed it, for error texts
};

File another_handle(const File& folder) {
    UniqueFd fd(::fcntl(folder.fd(), F_DUPFD_CLOEXEC, 0));
    if (!fd) throw io_error(fmt::format("cannot open '{}' once more", folder.path()), errno);
    return File(std::move(fd), folder.path());
}

Place place_of(const std::string& path, const File* open_folder) {
    const std::size_t slash = path.rfind('/');
    const bool has_folder = slash != std::string::npos;
    std::string name = has_folder ? path.substr(slash + 1) : path;
    if (name.empty()) throw Error(ErrorCode::usage, fmt::format("'{}' names no file: add a file name", path));
    if (open_folder != nullptr) return {another_handle(*open_folder), std::move(name), path};
    const std::string folder = has_folder ? path.substr(0, slash + 1) : ".";
    return {File::open(folder, O_RDONLY | O_DIRECTORY), std::move(name), path};
}

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

/// What lies at the place, opened for questions only; nothing without the right to read it.
std::optional<File> open_to_ask(const Place& place) {
    const int fd =
        ::openat(place.folder.fd(), place.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    return File(UniqueFd(fd), place.path);
}

/// What lies at the place, if it is a file that the rules let go; nothing if the name is free.
std::optional<struct stat> replaceable_at(const Place& place, const TargetRules& rules) {
    struct stat status {};
    if (::fstatat(place.folder.fd(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return std::nullopt;
        throw io_error(fmt::format("cannot stat '{}'", place.path), errno);
    }
    if (!S_ISREG(status.st_mode))
        throw Error(ErrorCode::refused, fmt::format("'{}' is {}: expected a new name or a regular file", place.path,
                                                    kind_word(status.st_mode)));
    refuse_forbidden(place.path, status, rules);
    refuse_unless_forced(place.path, rules);
    const std::optional<File> file = open_to_ask(place);
    refuse_in_use(place.path, status, file ? &*file : nullptr);
    return status;
}

/// A hidden name beside the final one, never used twice; a long name is cut to stay below the limit of 255 bytes.
std::string hidden_name(const std::string& name) {
    std::array<std::byte, 4> random{};
    random_bytes(random);
    return fmt::format(".{}.varve-{}.tmp", name.substr(0, 200), to_hex(random));
}

/// O_TMPFILE gets its name by way of /proc; without /proc a named file is used from the start.
bool can_name_later() { return ::access("/proc/self/fd", X_OK) == 0; }

std::string link_source_of(const File& file) { return fmt::format("/proc/self/fd/{}", file.fd()); }

std::optional<File> open_unnamed(const Place& place, mode_t mode) {
    if (!can_name_later()) return std::nullopt;
    const int fd = ::openat(place.folder.fd(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
    if (fd < 0) return std::nullopt;  // no support, or an error that the named file will meet and report
    return File(UniqueFd(fd), place.path);
}

/// Creates the hidden file; its name goes to `hidden`.
File open_hidden(const Place& place, mode_t mode, std::string& hidden) {
    for (int attempt = 0; attempt < name_attempts_max; ++attempt) {
        std::string name = hidden_name(place.name);
        const int fd =
            ::openat(place.folder.fd(), name.c_str(), O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC, mode);
        if (fd >= 0) {
            hidden = std::move(name);
            return File(UniqueFd(fd), place.path);
        }
        if (errno != EEXIST) break;
    }
    throw io_error(fmt::format("cannot create a file beside '{}'", place.path), errno);
}

/// Gives `file` the owner, group and permissions of the file it will replace. Without the right to do so it stays
/// with its creator, and closed to everybody else.
void take_over_access(const File& file, const struct stat& replaced) {
    const bool owned_alike = ::fchown(file.fd(), replaced.st_uid, replaced.st_gid) == 0;
    const mode_t mode = replaced.st_mode & (owned_alike ? 0777 : 0700);
    if (::fchmod(file.fd(), mode) != 0)
        throw io_error(fmt::format("cannot set the permissions of '{}'", file.path()), errno);
}

class OutputFile final : public Output {
public:
    OutputFile(Place place, TargetRules rules) : place_(std::move(place)), rules_(std::move(rules)), file_(stage()) {}
    ~OutputFile() override { remove_hidden(); }
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    void resize(ByteCount length) override { file_.truncate(length); }

    void allocate(ByteCount length) override {
        if (length.value == 0) return;
        const int error = ::posix_fallocate(file_.fd(), 0, static_cast<off_t>(length.value));
        if (error != 0)
            throw io_error(fmt::format("cannot reserve {} bytes for '{}'", length.value, place_.path), error);
    }

    void write(ByteOffset at, ByteView bytes) override {
        file_.write_all(at, bytes);
        bytes_written_ += {bytes.size()};
    }

    void zero(ByteRange) override {}  // what was never written in a new file is a hole

    void commit() override {
        file_.sync();
        if (rules_.overwrite == Overwrite::force)
            replace();
        else
            appear();
        sync_name();
    }

    ByteCount bytes_written() const override { return bytes_written_; }

private:
    File stage();
    void appear();
    void replace();
    void link_unnamed_as(const std::string& name);
    bool rename_hidden_if_free();
    void sync_name();
    void remove_hidden() noexcept;
    [[noreturn]] void fail_to_publish() const;

    Place place_;
    TargetRules rules_;
    std::string hidden_;  ///< the temporary name; empty while the file has none
    File file_;
    ByteCount bytes_written_;
};

File OutputFile::stage() {
    const std::optional<struct stat> replaced = replaceable_at(place_, rules_);
    const mode_t mode = replaced ? replacement_mode : new_file_mode;
    std::optional<File> unnamed = open_unnamed(place_, mode);
    File file = unnamed ? std::move(*unnamed) : open_hidden(place_, mode, hidden_);
    if (!replaced) return file;
    try {
        take_over_access(file, *replaced);
    } catch (...) {
        remove_hidden();  // no destructor runs: the constructor is not done
        throw;
    }
    return file;
}

/// Takes the final name if nobody has it: one atomic step that never replaces anything.
void OutputFile::appear() {
    if (hidden_.empty()) {
        link_unnamed_as(place_.name);
    } else if (rename_hidden_if_free()) {
        hidden_.clear();
    } else {
        if (::linkat(place_.folder.fd(), hidden_.c_str(), place_.folder.fd(), place_.name.c_str(), 0) != 0)
            fail_to_publish();
        remove_hidden();
    }
}

/// Takes the final name from a file that still may be replaced.
void OutputFile::replace() {
    replaceable_at(place_, rules_);
    if (hidden_.empty()) {
        std::string name = hidden_name(place_.name);
        link_unnamed_as(name);
        hidden_ = std::move(name);
    }
    if (::renameat(place_.folder.fd(), hidden_.c_str(), place_.folder.fd(), place_.name.c_str()) != 0)
        fail_to_publish();
    hidden_.clear();
}

void OutputFile::link_unnamed_as(const std::string& name) {
    const std::string source = link_source_of(file_);
    if (::linkat(AT_FDCWD, source.c_str(), place_.folder.fd(), name.c_str(), AT_SYMLINK_FOLLOW) != 0) fail_to_publish();
}

/// False when the file system has no RENAME_NOREPLACE (NFS); a taken name is an error.
bool OutputFile::rename_hidden_if_free() {
    const int folder = place_.folder.fd();
    if (::renameat2(folder, hidden_.c_str(), folder, place_.name.c_str(), RENAME_NOREPLACE) == 0) return true;
    if (errno == EINVAL || errno == ENOSYS) return false;
    fail_to_publish();
}

/// Makes the final name durable. Some network file systems have no sync of a folder: there is nothing more to do there.
void OutputFile::sync_name() {
    if (::fsync(place_.folder.fd()) == 0 || errno == EINVAL || errno == ENOTSUP) return;
    throw io_error(
        fmt::format("'{}' is complete, but its folder can't be synced: it may be gone after a power cut", place_.path),
        errno);
}

void OutputFile::remove_hidden() noexcept {
    if (hidden_.empty()) return;
    ::unlinkat(place_.folder.fd(), hidden_.c_str(), 0);
    hidden_.clear();
}

void OutputFile::fail_to_publish() const {
    const int error_number = errno;
    if (error_number == EEXIST)
        throw Error(
            ErrorCode::refused,
            fmt::format("'{}' appeared while its image was being written and was left alone: choose another name, "
                        "or say --force to overwrite it",
                        place_.path));
    throw io_error(fmt::format("cannot give the finished image its name '{}'", place_.path), error_number);
}

}  // namespace

std::unique_ptr<Output> create_output_file(const std::string& path, const TargetRules& rules, const File* folder) {
    return std::make_unique<OutputFile>(place_of(path, folder), rules);
}

}  // namespace varve
