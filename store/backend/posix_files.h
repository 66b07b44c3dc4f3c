#pragma once
/// LocalFiles over a real folder. Unnamed files use O_TMPFILE if the file system supports it, otherwise names under
/// tmp/ and a lock while they are written; such a file gets its name by a hard link, or by a rename that replaces
/// nothing where there are no hard links. Files are 0600 and folders 0700 whatever the umask.

#include "store/backend/local_files.h"

namespace varve {

enum class UnnamedKind {
    automatic,  ///< O_TMPFILE, or named if the file system refuses that
    named,      ///< always a name under tmp/
    renamed,    ///< as on a file system without hard links
};

/// Opens the folder `path`, which may itself be reached through symbolic links. Error(not_found) if it does not exist.
std::unique_ptr<LocalFiles> open_posix_files(const std::string& path, UnnamedKind kind = UnnamedKind::automatic);

/// Makes the folder `path` (its parent must exist) and makes its name durable. An existing empty folder becomes 0700;
/// one that is not empty keeps its mode.
void make_root_folder(const std::string& path);

}  // namespace varve
