#pragma once
/// Opens a file under a folder so that neither "..", nor an absolute name, nor a symlink, nor a rename at the wrong
/// moment can lead outside. Thread-safe.

#include <optional>
#include <string>

#include "engine/base/file.h"

namespace varve {

/// Why nothing was opened: an errno value, with EXDEV for a name that leads outside of the folder.
struct OpenBeneathResult {
    UniqueFd fd;
    int error = 0;
};

/// Opens `name`, relative to the folder open as `folder`, with open(2)'s `flags` (O_CLOEXEC is added). Uses openat2(2)
/// with RESOLVE_BENEATH; on a kernel without it the function below. A relative symlink that stays inside is followed.
OpenBeneathResult open_beneath(int folder, const std::string& name, int flags);

/// The same, one component at a time, for kernels before 5.6: follows no symlink at all (ELOOP or ENOTDIR), and ".."
/// only back the way it came.
OpenBeneathResult open_beneath_by_component(int folder, const std::string& name, int flags);

}  // namespace varve
