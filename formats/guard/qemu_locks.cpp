#include "formats/guard/qemu_locks.h"

#include <fcntl.h>
#include <cerrno>
#include <optional>

namespace varve {
namespace {

constexpr off_t used_begin = 100;
constexpr off_t unshared_begin = 200;
constexpr off_t locks_end = 300;

constexpr off_t consistent_read = 0;
constexpr off_t write = 1;
constexpr off_t resize = 3;

/// Whether a lock of another open file description overlaps the bytes [begin, end); nothing where locks can't be
/// queried.
std::optional<bool> is_locked(const File& file, off_t begin, off_t end) {
    struct flock wanted {};
    wanted.l_type = F_WRLCK;  // conflicts with every lock, even a shared one, as all of QEMU's are
    wanted.l_whence = SEEK_SET;
    wanted.l_start = begin;
    wanted.l_len = end - begin;
    // EINVAL from a kernel without these locks; ENOLCK, ENOSYS, EOPNOTSUPP or EIO from a file system without them.
    while (::fcntl(file.fd(), F_OFD_GETLK, &wanted) != 0)
        if (errno != EINTR) return std::nullopt;
    return wanted.l_type != F_UNLCK;
}

bool is_byte_locked(const File& file, off_t byte) { return is_locked(file, byte, byte + 1).value_or(false); }

}  // namespace

QemuUse qemu_use(const File& file) {
    const std::optional<bool> any = is_locked(file, used_begin, locks_end);
    if (!any) return QemuUse::unknown;
    if (!*any) return QemuUse::none;
    if (is_byte_locked(file, used_begin + write)) return QemuUse::writes;
    if (is_byte_locked(file, used_begin + resize)) return QemuUse::resizes;
    if (is_byte_locked(file, unshared_begin + consistent_read)) return QemuUse::reshapes;
    return QemuUse::reads;
}

}  // namespace varve
