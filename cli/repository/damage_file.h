#pragma once
/// Where this host remembers what verify found damaged in a repository: a text file in the host's folder for it, beside
/// the catalog and independent of it. Without the file nothing is known; nothing else depends on it.

#include <filesystem>

#include "engine/repository/known_damage.h"

namespace varve {

/// Empty if the file does not exist. Throws Error(corrupt) if it is damaged, Error(io) if it cannot be read.
KnownDamage read_known_damage(const std::filesystem::path& folder);

/// Replaces the file as a whole, durably; removes it when there is nothing to remember. Throws Error(io).
void write_known_damage(const std::filesystem::path& folder, const KnownDamage& damage);

}  // namespace varve
