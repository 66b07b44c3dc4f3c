#include "engine/base/file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {
namespace {

struct stat status_of(const File& file) {
    struct stat st {};
    if (::fstat(file.fd(), &st) != 0) throw io_error(fmt::format("cannot stat '{}'", file.path()), errno);
    return st;
}

}  // namespace

UniqueFd::~UniqueFd() {
    if (fd_ >= 0) ::close(fd_);
}

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
        if (fd_ >= 0) ::close(fd_);
        fd_ = other.release();
    }
    return *this;
}

int UniqueFd::release() { return std::exchange(fd_, -1); }

File File::open(const std::string& path, int flags, mode_t mode) {
    int fd = -1;
    do fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    while (fd < 0 && errno == EINTR);
    if (fd < 0 && errno == ENOENT) throw Error(ErrorCode::not_found, fmt::format("'{}' does not exist", path));
    if (fd < 0) throw io_error(fmt::format("cannot open '{}'", path), errno);
    return File(UniqueFd(fd), path);
}

FileKind File::kind() const {
    const struct stat st = status_of(*this);
    if (S_ISREG(st.st_mode)) return FileKind::regular;
    if (S_ISBLK(st.st_mode)) return FileKind::block_device;
    return FileKind::other;
}

FileIdentity File::identity() const {
    const struct stat st = status_of(*this);
    return {st.st_dev, st.st_ino};
}

ByteCount File::size() const {
    const struct stat st = status_of(*this);
    if (!S_ISBLK(st.st_mode)) return {static_cast<std::uint64_t>(st.st_size)};
    std::uint64_t bytes = 0;
    if (::ioctl(fd(), BLKGETSIZE64, &bytes) != 0)
        throw io_error(fmt::format("cannot get the size of device '{}'", path_), errno);
    return {bytes};
}

std::size_t File::read_some(ByteOffset at, ByteSpan out) const {
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t got = ::pread(fd(), out.data() + done, out.size() - done, static_cast<off_t>(at.value + done));
        if (got < 0) {
            if (errno == EINTR) continue;
            throw io_error(
                fmt::format("cannot read {} bytes at offset {} of '{}'", out.size() - done, at.value + done, path_),
                errno);
        }
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

void File::read_exactly(ByteOffset at, ByteSpan out) const {
    const std::size_t got = read_some(at, out);
    if (got != out.size())
        throw Error(ErrorCode::corrupt, fmt::format("'{}' ends early: expected {} bytes at offset {}, found {}", path_,
                                                    out.size(), at.value, got));
}

void File::write_all(ByteOffset at, ByteView bytes) const {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t put =
            ::pwrite(fd(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(at.value + done));
        if (put < 0) {
            if (errno == EINTR) continue;
            throw io_error(
                fmt::format("cannot write {} bytes at offset {} of '{}'", bytes.size() - done, at.value + done, path_),
                errno);
        }
        done += static_cast<std::size_t>(put);
    }
}

void File::truncate(ByteCount size) const {
    if (::ftruncate(fd(), static_cast<off_t>(size.value)) != 0)
        throw io_error(fmt::format("cannot set the size of '{}' to {} bytes", path_, size.value), errno);
}

void File::sync() const {
    if (::fsync(fd()) != 0) throw io_error(fmt::format("cannot sync '{}'", path_), errno);
}

FileRun File::run_at(ByteOffset at) const {
    const ByteOffset end = ByteOffset{} + size();
    if (at >= end)
        throw Error(ErrorCode::corrupt,
                    fmt::format("'{}' became shorter while in use: expected more than {} bytes, found {}", path_,
                                at.value, end.value));
    const ByteRange rest{at, end - at};
    const off_t data = ::lseek(fd(), static_cast<off_t>(at.value), SEEK_DATA);
    if (data < 0) return {rest, errno == ENXIO};
    if (static_cast<std::uint64_t>(data) > at.value)
        return {{at, ByteOffset{std::min(static_cast<std::uint64_t>(data), end.value)} - at}, true};
    const off_t hole = ::lseek(fd(), static_cast<off_t>(at.value), SEEK_HOLE);
    if (hole < 0 || static_cast<std::uint64_t>(hole) <= at.value) return {rest, false};
    return {{at, ByteOffset{std::min(static_cast<std::uint64_t>(hole), end.value)} - at}, false};
}

void sync_folder(const std::filesystem::path& folder) { File::open(folder.string(), O_RDONLY | O_DIRECTORY).sync(); }

}  // namespace varve
