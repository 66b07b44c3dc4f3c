#include "formats/guard/live_image.h"

#include <sys/stat.h>
#include <cerrno>
#include <string_view>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/guard/file_users.h"
#include "formats/guard/qemu_locks.h"
#include "formats/guard/target_rules.h"

namespace varve {
namespace {

std::string holder_of(const File& file) {
    struct stat status {};
    if (::fstat(file.fd(), &status) != 0) throw io_error(fmt::format("cannot stat '{}'", file.path()), errno);
    return other_opener(medium_identity(status)).value_or("another process");
}

std::string_view describe(QemuUse use) {
    switch (use) {
        case QemuUse::writes:
            return "holds QEMU's write lock on it";
        case QemuUse::resizes:
            return "holds QEMU's resize lock on it";
        default:
            return "holds QEMU's lock for a block job on it";
    }
}

}  // namespace

std::optional<std::string> check_not_live(const File& file, LiveImage live) {
    const QemuUse use = qemu_use(file);
    if (use == QemuUse::unknown)
        return fmt::format("cannot check whether a machine is running on '{}': its file system keeps no locks",
                           file.path());
    if (!hinders_reading(use)) return std::nullopt;
    const std::string found = fmt::format("'{}' is in use: {} {}", file.path(), holder_of(file), describe(use));
    if (live == LiveImage::warn) return found + "; what is shown may be out of date";
    throw Error(ErrorCode::refused, found +
                                        "; shut the machine down, or let it write to an overlay in the meantime "
                                        "('virsh snapshot-create-as MACHINE NAME --disk-only --atomic') and read this "
                                        "file, which is then the overlay's base; afterwards merge the overlay back "
                                        "('virsh blockcommit MACHINE DISK --active --pivot') and delete it");
}

}  // namespace varve
