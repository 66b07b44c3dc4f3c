#pragma once
/// Where this host remembers when it last verified each pack: a text file in the host's folder for the repository,
/// beside the catalog and independent of it. Without the file a limited verify begins with any pack.

#include <filesystem>

#include "engine/repository/verify_times.h"

namespace varve {

/// Empty if the file does not exist. Throws Error(corrupt) if it is damaged, Error(io) if it cannot be read.
VerifyTimes read_verify_times(const std::filesystem::path& folder);

/// Replaces the file as a whole, durably; removes it when there is nothing to remember. Throws Error(io).
void write_verify_times(const std::filesystem::path& folder, const VerifyTimes& times);

}  // namespace varve
