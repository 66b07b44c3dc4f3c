#pragma once
/// Identifies the medium behind a path: all names of one medium have the same identity.

#include <optional>
#include <string>

#include <sys/stat.h>

#include "engine/base/file.h"

namespace varve {

/// The identity of the *medium*: for a block device its device number (st_rdev, inode 0), since one device may have
/// many nodes; for anything else st_dev and st_ino.
FileIdentity medium_identity(const struct stat& status);

/// The identity of what `path` leads to, following symbolic links; nothing when it does not exist.
std::optional<FileIdentity> medium_identity(const std::string& path);

}  // namespace varve
