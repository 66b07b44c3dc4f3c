#include "engine/base/file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "engine/base/interrupted_calls.h"

namespace varve {
namespace {

/// Per write call. The page cache splits a larger write into pages of 2 MiB: in a virtual machine their memory was
/// often returned to the host, and allocating it again costs several times the copy.
constexpr std::size_t write_bytes_max = std::size_t{1} << 20;

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
    const int fd = retry_interrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); });
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

File File::window(ByteRange range, std::string path) const {
    const ByteCount all = size();
    if (range.begin.value > all.value || range.length.value > all.value - range.begin.value)
        throw Error(
            ErrorCode::corrupt,
            fmt::format("'{}' ends early: '{}' needs {} bytes from offset {} on, but the file has only {} bytes", path_,
                        path, range.length.value, range.begin.value, all.value));
    UniqueFd fd(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
    if (!fd) throw io_error(fmt::format("cannot open '{}' again", path_), errno);
    File part(std::move(fd), std::move(path));
    part.begin_ = ByteOffset{begin_.value + range.begin.value};
    part.length_ = range.length;
    return part;
}

ByteCount File::size() const {
    if (length_) return *length_;
    const struct stat st = status_of(*this);
    if (!S_ISBLK(st.st_mode)) return {static_cast<std::uint64_t>(st.st_size)};
    std::uint64_t bytes = 0;
    if (::ioctl(fd(), BLKGETSIZE64, &bytes) != 0)
        throw io_error(fmt::format("cannot get the size of device '{}'", path_), errno);
    return {bytes};
}

/// How many of `wanted` bytes from `at` on may be asked of the descriptor: none past the largest offset of a file.
std::size_t File::readable(ByteOffset at, std::size_t wanted) const {
    constexpr auto offset_max = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());
    const std::uint64_t end = length_ ? length_->value : offset_max;
    if (at.value >= end) return 0;
    return static_cast<std::size_t>(std::min<std::uint64_t>(wanted, end - at.value));
}

std::size_t File::read_some(ByteOffset at, ByteSpan whole) const {
    const ByteSpan out = whole.first(readable(at, whole.size()));
    const std::uint64_t from = begin_.value + at.value;
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t got = ::pread(fd(), out.data() + done, out.size() - done, static_cast<off_t>(from + done));
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
    VARVE_CHECK(!length_);
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ByteView piece = bytes.subspan(done, std::min(bytes.size() - done, write_bytes_max));
        const ssize_t put = ::pwrite(fd(), piece.data(), piece.size(), static_cast<off_t>(at.value + done));
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
    VARVE_CHECK(!length_);
    if (retry_interrupted([&] { return ::ftruncate(fd(), static_cast<off_t>(size.value)); }) != 0)
        throw io_error(fmt::format("cannot set the size of '{}' to {} bytes", path_, size.value), errno);
}

void File::sync() const {
    if (retry_interrupted([&] { return ::fsync(fd()); }) != 0)
        throw io_error(fmt::format("cannot sync '{}'", path_), errno);
}

FileRun File::run_at(ByteOffset at) const {
    const ByteOffset end = ByteOffset{} + size();
    if (at >= end)
        throw Error(ErrorCode::corrupt,
                    fmt::format("'{}' became shorter while in use: expected more than {} bytes, found {}", path_,
                                at.value, end.value));
    const ByteRange rest{at, end - at};
    const off_t from = static_cast<off_t>(begin_.value + at.value);
    const off_t data = ::lseek(fd(), from, SEEK_DATA);
    if (data < 0) return {rest, errno == ENXIO};
    const auto run_to = [&](off_t edge) {
        const auto length = std::min(static_cast<std::uint64_t>(edge - from), rest.length.value);
        return ByteRange{at, {length}};
    };
    if (data > from) return {run_to(data), true};
    const off_t hole = ::lseek(fd(), from, SEEK_HOLE);
    if (hole <= from) return {rest, false};
    return {run_to(hole), false};
}

void sync_folder(const std::filesystem::path& folder) { File::open(folder.string(), O_RDONLY | O_DIRECTORY).sync(); }

}  // namespace varve
