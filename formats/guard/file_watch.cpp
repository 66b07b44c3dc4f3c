#include "formats/guard/file_watch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <cerrno>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/guard/live_image.h"

namespace varve {
namespace {

constexpr std::size_t head_bytes_max = 4096;

/// None for a device: the times of its node are unrelated to its bytes.
std::optional<timespec> modification_time(const File& file) {
    struct statx status {};
    // Makes a network file system ask its server instead of its cache.
    if (::statx(file.fd(), "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_MTIME, &status) != 0)
        throw io_error(fmt::format("cannot stat '{}'", file.path()), errno);
    if (!S_ISREG(status.stx_mode)) return std::nullopt;
    return timespec{static_cast<time_t>(status.stx_mtime.tv_sec), static_cast<long>(status.stx_mtime.tv_nsec)};
}

std::optional<Bytes> head_of(const File& file) {
    Bytes head(head_bytes_max);
    try {
        head.resize(file.read_some({}, head));
        return head;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::io) throw;
        return std::nullopt;
    }
}

bool same_time(const std::optional<timespec>& a, const std::optional<timespec>& b) {
    if (!a || !b) return !a && !b;
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

[[noreturn]] void fail(const File& file, const std::string& change) {
    throw Error(ErrorCode::refused,
                fmt::format("'{}' changed while it was read ({}): what was read mixes several states of the disk and "
                            "was discarded; shut down what writes to it, or let its machine write to an overlay in "
                            "the meantime, and run this again",
                            file.path(), change));
}

}  // namespace

FileWatch::FileWatch(const File& file) : size_(file.size()), modified_(modification_time(file)), head_(head_of(file)) {}

void FileWatch::check_unchanged(const File& file) const {
    if (const ByteCount now = file.size(); now != size_)
        fail(file, fmt::format("it had {} bytes and has {}", size_.value, now.value));
    if (!same_time(modification_time(file), modified_)) fail(file, "its modification time changed");
    if (const auto now = head_of(file); now && head_ && *now != *head_) fail(file, "its first 4 KiB changed");
    check_not_live(file, LiveImage::refuse);
}

}  // namespace varve
