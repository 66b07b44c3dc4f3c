#pragma once
/// What a new image may never overwrite. The rules hold for every kind of output, so that no kind can forget one.

#include <string>
#include <vector>

#include <sys/stat.h>

#include "engine/base/file.h"
#include "formats/guard/medium_identity.h"

namespace varve {

enum class Overwrite {
    refuse,  ///< something that exists is left alone
    force,   ///< an existing regular file is replaced, an existing block device is overwritten
};

struct TargetRules {
    Overwrite overwrite = Overwrite::refuse;
    /// Media that must survive, whatever name leads to them: the sources of a snapshot. By medium_identity; of a block
    /// device File::identity() does too, but stands for that one node only.
    std::vector<FileIdentity> forbidden;
};

/// Throws Error(refused) when `status`, found at `path`, is one of rules.forbidden.
void refuse_forbidden(const std::string& path, const struct stat& status, const TargetRules& rules);

/// Throws Error(refused) with who it is when somebody uses the medium found at `path`, forced or not: any of QEMU's
/// locks, also a reader's, as the overlays of a base are worth nothing without it; and, of a regular file, any other
/// process or the kernel that has it open. (A device may be open in the very server that offers it, as with nbd.)
/// `medium` is the same, open; nullptr when it may not be opened: then only the processes tell.
void refuse_in_use(const std::string& path, const struct stat& status, const File* medium);

/// Throws Error(refused) naming what is at `path` when rules.overwrite does not allow it to be written over.
void refuse_unless_forced(const std::string& path, const TargetRules& rules);

}  // namespace varve
