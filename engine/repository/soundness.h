#pragma once
/// Which content of a repository a run may build on: packs that are there with the size that the log states, minus what
/// verify found damaged. The catalog is a cache of the log and knows nothing of this: it still lists what was lost.
/// One thread.

#include <optional>
#include <string>
#include <unordered_set>

#include "engine/base/progress.h"
#include "engine/repository/repository.h"
#include "engine/repository/slot_in_force.h"

namespace varve {

class Soundness {
public:
    /// Compares the size of every committed pack with the log, which costs one query per pack. Reads the log again when
    /// one is missing, because a prune may have condemned it since. Borrows `repository`.
    Soundness(Repository& repository, Progress& progress);

    /// Whether everything that was committed when the run began may be relied on.
    bool all_sound() const { return !is_suspected_ && !has_lost_ && (damage_ == nullptr || damage_->empty()); }

    /// Something could not be read: all_sound() is false from now on.
    void suspect() { is_suspected_ = true; }

    /// What the content of `address` depends on and must not: its slot or the base that it patches, as they are today.
    /// nullopt: it may be relied on. Queries packs that came to the repository after the run began.
    std::optional<ChunkAddress> culprit(const ChunkAddress& address);

    /// What is wrong, in words that continue "because …".
    std::string describe() const;

private:
    bool is_sound(const ChunkAddress& current);
    bool is_there(const PackId& pack);
    bool query(const PackFacts& facts);
    bool find_lost();

    const Repository& repository_;
    const KnownDamage* damage_;
    SlotsInForce slots_;
    std::unordered_set<PackId> there_;
    std::unordered_set<PackId> lost_;
    bool is_suspected_ = false;
    bool has_lost_ = false;  ///< among the packs that were committed when the run began
};

}  // namespace varve
