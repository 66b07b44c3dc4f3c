#pragma once
/// Which packs a prune gives up: a pure function of their sizes.
///
/// A pack of which nothing is needed goes. One of which at least a quarter is not needed is rewritten, so that dead
/// bytes never exceed a third of the live ones. Small packs are merged when four of similar size (a factor of four)
/// have come together, so that each byte is copied about once per factor of four on its way to a full pack, and at most
/// a constant number of packs is small.

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/repository/pack.h"

namespace varve {

enum class PackFate {
    kept,
    dead,       ///< no live snapshot needs any of it
    orphan,     ///< no log entry names it
    rewritten,  ///< much of it is not needed: the rest is copied
    merged,     ///< small: it is copied together with others
    healed,     ///< damaged or missing, but all that is needed of it can be had
};

struct MeasuredPack {
    PackFacts facts;
    ByteCount live;  ///< stored bytes of what is needed, as far as they can be attributed to slots
    ByteCount dead;  ///< of the rest
    bool is_full_of_slots = false;
    PackFate fate = PackFate::kept;
};

struct PruneLimits {
    ByteCount pack_bytes = mib(64);     ///< what a full pack holds
    std::optional<ByteCount> copy_max;  ///< at most these bytes are copied; nullopt: no limit
};

/// Whether choose_packs() could give it up.
bool may_be_given_up(const MeasuredPack& pack, const PruneLimits& limits);

/// Sets the fate of each of `packs`. The best gain per byte copied comes first when `copy_max` does not suffice for
/// all.
void choose_packs(std::vector<MeasuredPack>& packs, const PruneLimits& limits);

}  // namespace varve
