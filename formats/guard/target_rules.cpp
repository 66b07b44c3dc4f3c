#include "formats/guard/target_rules.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/guard/file_users.h"
#include "formats/guard/qemu_locks.h"

namespace varve {

void refuse_forbidden(const std::string& path, const struct stat& status, const TargetRules& rules) {
    const FileIdentity medium = medium_identity(status);
    const FileIdentity node{status.st_dev, status.st_ino};
    const auto is_target = [&](const FileIdentity& forbidden) { return forbidden == medium || forbidden == node; };
    if (std::ranges::none_of(rules.forbidden, is_target)) return;
    throw Error(ErrorCode::refused,
                fmt::format("'{}' is the source, or a file that the source is based on, and is never overwritten: "
                            "choose another target",
                            path));
}

void refuse_in_use(const std::string& path, const struct stat& status, const File* medium) {
    const QemuUse use = medium != nullptr ? qemu_use(*medium) : QemuUse::unknown;
    const bool is_locked = use != QemuUse::none && use != QemuUse::unknown;
    if (!is_locked && !S_ISREG(status.st_mode)) return;
    const std::optional<std::string> opener = other_opener(medium_identity(status));
    const bool is_open = opener || (medium != nullptr && S_ISREG(status.st_mode) && is_open_elsewhere(*medium));
    if (!is_locked && !is_open) return;
    throw Error(ErrorCode::refused, fmt::format("'{}' is in use: {} {}; shut that down first, or choose another target",
                                                path, opener.value_or("another process or the kernel"),
                                                is_locked ? "holds QEMU's locks on it" : "has it open"));
}

void refuse_unless_forced(const std::string& path, const TargetRules& rules) {
    if (rules.overwrite == Overwrite::force) return;
    throw Error(ErrorCode::refused,
                fmt::format("'{}' exists: choose another name, or pass --force to overwrite it", path));
}

}  // namespace varve
