#pragma once
/// Standard input, or another pipe, as a disk image. The size of a pipe is known only at its end, and it can be read
/// only once, so it is first copied to a temporary file without a name; zero blocks of 4 KiB take no space there.

#include <filesystem>
#include <stop_token>
#include <string>

#include "engine/base/file.h"
#include "engine/base/progress.h"

namespace varve {

/// Reads standard input, when `name` is "-", or the pipe of this name to its end. The file is in $TMPDIR, else in
/// `folder`, which is created. Throws Error(refused) for empty input, Error(io) when space runs out, Error(cancelled).
File spool(const std::string& name, const std::filesystem::path& folder, Progress& progress,
           const std::stop_token& stop);

}  // namespace varve
