#pragma once
/// LocalFiles over a real folder. Unnamed files are O_TMPFILE where the file system has it, else named ones under tmp/
/// that hold a lock while they are written. Files are 0600 and folders 0700 whatever the umask.

#include "store/backend/local_files.h"

namespace varve {

enum class UnnamedKind {
    automatic,  ///< O_TMPFILE, or named when the file system refuses that
    named,      ///< always a name under tmp/
};

/// Opens the folder `path`, which may itself be reached through symbolic links. Error(not_found) when it is not there.
std::unique_ptr<LocalFiles> open_posix_files(const std::string& path, UnnamedKind kind = UnnamedKind::automatic);

/// Makes the folder `path` (its parent must exist) and its name durable; one that is there and empty becomes 0700, one
/// that is not empty is left as it is.
void make_root_folder(const std::string& path);

}  // namespace varve
