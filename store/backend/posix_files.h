#pragma once
/// LocalFiles over a real folder. Unnamed files use O_TMPFILE if the file system supports it, otherwise names under
/// tmp/ and a lock while they are written. Files are 0600 and folders 0700 whatever the umask.

#include "store/backend/local_files.h"

namespace varve {

enum class UnnamedKind {
    automatic,  ///< O_TMPFILE, or named if the file system refuses that
    named,      ///< always a name under tmp/
};

/// Opens the folder `path`, which may itself be reached through symbolic links. Error(not_found) if it does not exist.
std::unique_ptr<LocalFiles> open_posix_files(const std::string& path, UnnamedKind kind = UnnamedKind::automatic);

/// Makes the folder `path` (its parent must exist) and makes its name durable. An existing empty folder becomes 0700;
/// one that is not empty keeps its mode.
void make_root_folder(const std::string& path);

}  // namespace varve
