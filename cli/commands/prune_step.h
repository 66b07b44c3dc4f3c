#pragma once
/// The prune that `varve prune` and `varve forget --prune` run, and that of damaged packs alone for `varve repair`.

#include <functional>
#include <memory>

#include "cli/options/invocation.h"
#include "cli/render/render_prune.h"
#include "engine/base/progress.h"
#include "engine/prune/prune.h"

namespace varve {

/// Prunes the repository that the options of `call` name, or plans it; remembers on this host what it finds damaged.
/// Throws what prune() throws.
PruneReport prune_repository(const Invocation& call, PruneRequest request, PruneMode mode, Progress& progress);

using ReplacementsOf = std::function<std::unique_ptr<Replacements>(const Repository& repository)>;

/// The same, but heals what `replacements_of` has, and removes nothing else.
PruneReport repair_repository(const Invocation& call, const ReplacementsOf& replacements_of, PruneMode mode,
                              Progress& progress);

}  // namespace varve
