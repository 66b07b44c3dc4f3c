#pragma once
/// The files after `backup --attach`, read whole before anything else begins.

#include <span>
#include <string>
#include <vector>

#include "engine/backup/attachment_deposit.h"
#include "engine/base/progress.h"

namespace varve {

/// Each under its file's name. Throws Error(usage) for a name that can't be kept or comes twice; Error(refused) for
/// what is no ordinary file or larger than 16 MiB; Error(not_found | io).
std::vector<FileToAttach> read_attached_files(std::span<const std::string> paths);

/// Adds the files that a source brings with it. One of a name that is there already is left out, and told of unless the
/// bytes are the same.
void add_attachments(std::vector<FileToAttach>& files, std::vector<FileToAttach> more, Progress& progress);

}  // namespace varve
