#pragma once
/// The prune that `varve prune` and `varve forget --prune` run, and that of damaged packs alone for `varve repair`.

#include <functional>
#include <memory>
#include <vector>

#include "cli/options/invocation.h"
#include "cli/render/render_prune.h"
#include "engine/base/progress.h"
#include "engine/prune/prune.h"

namespace varve {

/// Prunes the repository that the options of `call` name, or plans it; remembers on this host what it finds damaged.
/// Throws what prune() throws.
PruneReport prune_repository(const Invocation& call, PruneRequest request, PruneMode mode, Progress& progress);

/// What a repair writes from, besides the repository itself.
struct RepairSources {
    std::vector<std::unique_ptr<Replacements>> chunks;
    std::vector<std::unique_ptr<PageSource>> pages;
};

using SourcesFor = std::function<RepairSources(const Repository& repository)>;

/// The same, but heals what `sources_for` the repository has, and removes nothing else.
PruneReport repair_repository(const Invocation& call, const SourcesFor& sources_for, PruneMode mode,
                              Progress& progress);

}  // namespace varve
