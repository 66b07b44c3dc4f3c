#pragma once
/// What a prune would do: which packs it gives up, why, and what it copies out of them first. A plain value, made from
/// one state of the log and one listing of the packs; nothing is written to make it.

#include <functional>
#include <vector>

#include "engine/prune/liveness.h"
#include "engine/prune/pack_choice.h"
#include "engine/prune/replacements.h"
#include "engine/repository/repository.h"

namespace varve {

/// A committed pack that is given up, or an orphan.
struct PlannedPack {
    PackFacts facts;  ///< of an orphan only id, kind (data) and size
    PackFate fate = PackFate::dead;
    ByteCount live;  ///< stored bytes to copy
    std::vector<PackId>
        tables_of;  ///< of a metadata pack: whose slot tables it holds copies of, or may if it is damaged
};

/// Packs that no entry names, and that stay because their writer may be at work.
struct SparedPacks {
    std::uint64_t count = 0;
    ByteCount bytes;
};

struct PrunePlan {
    std::vector<PlannedPack> packs;     ///< orphans, then data packs, then metadata packs
    std::vector<PackFacts> leftovers;   ///< condemned by an earlier prune, and still there: only id and size
    std::vector<ChunkAddress> damaged;  ///< one needed slot of each pack that stays because of it
    SparedPacks spared;
    ByteCount bytes_before;  ///< of all packs that are there

    ByteCount bytes_to_copy() const;
};

/// Whether a program may be at work whose packs no entry names yet. A hint: a writer whose packs are taken away sees it
/// in the log and starts again.
using WriterHint = std::function<bool()>;

enum class PruneScope {
    everything,
    damaged_packs,  ///< only those that can be healed
};

/// What a plan is made from. All is borrowed.
struct PlanBasis {
    const Repository& repository;
    const Liveness& liveness;            ///< covers all live snapshots as the catalog has them
    const Replacements& replacements;    ///< of damaged chunks
    const PageSubstitutes& substitutes;  ///< of damaged map pages
    /// Written by this prune, and garbage now: they go even if another writer is running.
    const std::vector<PackId>& own_orphans;
};

/// Asks `hint` after the packs are listed.
PrunePlan plan_prune(const PlanBasis& basis, PruneScope scope, const PruneLimits& limits, const WriterHint& hint);

}  // namespace varve
