#pragma once
/// The files after `backup --attach`, read whole before anything else begins.

#include <span>
#include <string>
#include <vector>

#include "engine/attachment_deposit.h"

namespace varve {

/// Each under its file's name. Throws Error(usage) for a name that can't be kept or comes twice; Error(refused) for
/// what is no ordinary file or larger than 16 MiB; Error(not_found | io).
std::vector<FileToAttach> read_attached_files(std::span<const std::string> paths);

}  // namespace varve
