#pragma once
/// Gives back the space of what was forgotten, merges small packs, and writes damaged chunks anew whose content can be
/// had, without ever taking anything from a live snapshot. The order is that of store/FORMAT.md section 10: copies
/// durable, then the move entry, then the packs that it condemns are deleted. So it may be interrupted at any moment,
/// beside backups, restores and other prunes: before the entry it has only written packs that no one names, and after
/// it the next prune deletes what is left.

#include <chrono>
#include <set>

#include "engine/base/progress.h"
#include "engine/prune/heal_sources.h"
#include "engine/prune/prune_plan.h"

namespace varve {

struct PruneRequest {
    PruneScope scope = PruneScope::everything;
    /// What damage is healed from. The repository itself is asked first: a later backup may have stored chunks again,
    /// and another map may have a page.
    HealSources sources;
    PruneLimits limits;
    WriterHint is_writer_alive = [] { return false; };
    /// No pack is begun to be copied after this; what was copied until then is entered.
    std::optional<std::chrono::steady_clock::time_point> deadline;
    /// A new checkpoint of the log is written when the newest is at least so many entries old.
    LogNumber checkpoint_every = 32;
};

/// A pack that could not be given up because something in it cannot be read.
struct KeptPack {
    PackId id;
    std::string why;
};

/// Some packs and what they take in the repository.
struct PackSum {
    std::uint64_t count = 0;
    ByteCount bytes;
};

struct PruneReport {
    PrunePlan plan;                  ///< of what was given up in the end; of a preview, of what would be
    std::vector<KeptPack> kept;      ///< damaged: a finding
    std::set<ChunkAddress> damaged;  ///< slots, found while copying
    std::optional<LogNumber> entry;  ///< the move entry; nullopt: none was needed
    PackSum written;                 ///< new packs
    PackSum removed;
    PackSum remaining;                ///< condemned, but not removed yet: the next prune does it
    std::uint64_t healed_chunks = 0;  ///< that were damaged and are written anew, for all snapshots that need them
    std::uint64_t healed_pages = 0;   ///< the same of maps
    std::uint64_t postponed = 0;      ///< packs that the deadline left for the next prune
};

/// What prune() would do now. Writes nothing.
PruneReport preview_prune(Repository& repository, const PruneRequest& request, Progress& progress,
                          const std::stop_token& stop);

/// Prunes. Throws Error(corrupt), before anything is written, when a page of a live snapshot's map cannot be read and
/// is nowhere else, because then what is needed is unknown (a prune of damaged packs returns it as what is kept, and
/// does nothing); Error(conflict) when other prunes win the race every time. Once the entry is in the log, the call
/// succeeds: a pack that cannot be deleted is a warning. At last, if everything was in scope, it renews the log's
/// checkpoint when that is due; a failure of this is a warning.
PruneReport prune(Repository& repository, const PruneRequest& request, Progress& progress, const std::stop_token& stop);

}  // namespace varve
