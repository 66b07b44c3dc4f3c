#pragma once
/// The files given with `backup --attach`, read completely before anything else starts.

#include <span>
#include <string>
#include <vector>

#include "engine/backup/attachment_deposit.h"
#include "engine/base/progress.h"

namespace varve {

/// Each under its file's name. Throws Error(usage) for a name that cannot be stored or occurs twice; Error(refused) for
/// anything but a regular file of at most 16 MiB; Error(not_found | io).
std::vector<FileToAttach> read_attached_files(std::span<const std::string> paths);

/// Adds the files that come with a source. A file whose name is taken is omitted, with a warning unless the bytes are
/// the same.
void add_attachments(std::vector<FileToAttach>& files, std::vector<FileToAttach> more, Progress& progress);

}  // namespace varve
