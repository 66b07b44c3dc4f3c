#pragma once
/// Writes damaged chunks anew whose content can be had, for all snapshots that need them: a prune of the damaged packs
/// alone. What is left in such a pack is copied, and the pack goes.

#include <stop_token>
#include <string>

#include "engine/base/progress.h"
#include "engine/prune/prune.h"

namespace varve {

/// Where damage is known from: `verify` on this host, the sizes of packs, and map pages that cannot be read. Throws
/// like prune().
PruneReport heal(Repository& repository, const HealSources& sources, Progress& progress, const std::stop_token& stop);

/// What it did, as a sentence without its end. `report` has an entry.
std::string healed_text(const PruneReport& report);

/// heal() after a backup that has stored anew what is damaged in older snapshots. The backup is committed, so nothing
/// is thrown: what happened is a warning.
void heal_after_backup(Repository& repository, Progress& progress, const std::stop_token& stop);

}  // namespace varve
