#pragma once
/// Standard input as a disk image. A pipe tells its size only at its end and can be read once, so it is kept first in a
/// temporary file that has no name any more; zero blocks of 4 KiB take no space there.

#include <filesystem>
#include <stop_token>

#include "engine/base/file.h"
#include "engine/base/progress.h"

namespace varve {

/// Reads `fd` to its end. The file lies in $TMPDIR, else in `folder`, which is created. Throws Error(refused) when
/// nothing came, Error(io) when the space does not suffice, Error(cancelled).
File spool(int fd, const std::filesystem::path& folder, Progress& progress, const std::stop_token& stop);

}  // namespace varve
