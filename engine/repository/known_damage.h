#pragma once
/// What verify found damaged in a repository, by where it is. Each host remembers it outside the catalog, so that it
/// outlives a rebuild; no backup builds on it. A plain value.

#include <set>
#include <string>
#include <string_view>

#include "engine/repository/chunk.h"
#include "engine/repository/log_entry.h"

namespace varve {

struct KnownDamage {
    std::set<PackId> packs;  ///< none of their slots can be relied on
    std::set<ChunkAddress> slots;
    /// Damaged beside their slots: in header, trailer or a frame's header. Their slots are relied on; `repair` writes
    /// them anew.
    std::set<PackId> blemished;
    std::set<LogNumber> log_entries;

    bool empty() const { return packs.empty() && slots.empty() && blemished.empty() && log_entries.empty(); }
    /// Whether anything in the pack is damaged.
    bool touches(const PackId& pack) const;
    /// Whether the slot that is at `current` today is damaged.
    bool contains(const ChunkAddress& current) const { return packs.contains(current.pack) || slots.contains(current); }
    /// Forgets what is known of the packs in `checked`, and adds what was found instead.
    void replace(const std::set<PackId>& checked, const KnownDamage& found);
    friend bool operator==(const KnownDamage&, const KnownDamage&) = default;
};

/// One line of text per damaged object.
std::string encode(const KnownDamage& damage);

/// Throws Error(corrupt) that names `object` and the line for anything but such a text.
KnownDamage parse_known_damage(std::string_view text, const std::string& object);

}  // namespace varve
