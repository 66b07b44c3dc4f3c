#pragma once
/// Opens a file under a folder so that neither "..", an absolute name, a symlink nor a rename at the wrong moment can
/// lead outside. Thread-safe.

#include <optional>
#include <string>

#include "engine/base/file.h"

namespace varve {

struct OpenBeneathResult {
    UniqueFd fd;
    int error = 0;  ///< why nothing was opened: an errno value, EXDEV for a name that leads outside the folder
};

/// Opens `name`, relative to the open folder `folder`, with the `flags` of open(2) (O_CLOEXEC is added). Uses
/// openat2(2) with RESOLVE_BENEATH, or the function below on a kernel without it. A relative symlink that stays inside
/// is followed.
OpenBeneathResult open_beneath(int folder, const std::string& name, int flags);

/// Finds the place that `path` leads to, by whatever symlinks, without opening what is there: the descriptor is O_PATH.
OpenBeneathResult find_place(const std::string& path);

/// As open_beneath(), one component at a time, for kernels before 5.6: follows no symlink at all (ELOOP or ENOTDIR),
/// and ".." only returns to a folder that was already passed.
OpenBeneathResult open_beneath_by_component(int folder, const std::string& name, int flags);

}  // namespace varve
