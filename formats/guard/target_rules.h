#pragma once
/// What a new image must never overwrite. The rules are the same for every kind of output, so that none can forget one.

#include <optional>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "engine/base/file.h"
#include "formats/guard/medium_identity.h"

namespace varve {

enum class Overwrite {
    refuse,  ///< anything that exists is left alone
    force,   ///< an existing regular file is replaced, an existing block device is overwritten
};

struct TargetRules {
    Overwrite overwrite = Overwrite::refuse;
    /// Media that must not be overwritten under any name: the sources of a snapshot. Identified by medium_identity(); a
    /// block device's File::identity() works too, but only for that one node.
    std::vector<FileIdentity> forbidden = {};
    /// Exact permissions of a new file; nothing: 0666 less the umask. A file that is replaced passes on its own.
    std::optional<mode_t> mode = {};
};

/// Throws Error(refused) when `status`, found at `path`, is one of rules.forbidden.
void refuse_forbidden(const std::string& path, const struct stat& status, const TargetRules& rules);

/// Throws Error(refused), naming the user, when the medium found at `path` is in use, forced or not: any of QEMU's
/// locks counts, even a reader's, because overlays are lost without their base; for a regular file, so does any other
/// process that has it open, and the kernel. (A device may be open in the very server that provides it, as with nbd.)
/// `medium` is the same medium, open; nullptr when it may not be opened: then only the processes are checked.
void refuse_in_use(const std::string& path, const struct stat& status, const File* medium);

/// Throws Error(refused) naming `path`, which exists, when rules.overwrite does not allow it to be overwritten.
void refuse_unless_forced(const std::string& path, const TargetRules& rules);

}  // namespace varve
