#pragma once
/// Reports which older snapshots depend on damage that a backup has met and does not build on.

#include <cstdint>

#include "engine/base/progress.h"
#include "engine/repository/soundness.h"

namespace varve {

/// Warns with the names of the affected snapshots. Costs a walk over the maps of all snapshots, each page once.
void warn_of_damage(const Repository& repository, Soundness& soundness, std::uint64_t chunks_stored_again,
                    Progress& progress);

}  // namespace varve
