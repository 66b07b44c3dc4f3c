#include "engine/repository/soundness.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/repository/catalog_sync.h"

namespace varve {

Soundness::Soundness(Repository& repository, Progress& progress)
    : repository_(repository), damage_(repository.known_damage), slots_(repository.catalog) {
    if (!find_lost()) return;
    catch_up(repository, progress);
    has_lost_ = find_lost();
}

/// Whether a committed pack is not there.
bool Soundness::find_lost() {
    there_.clear();
    lost_.clear();
    for (const ListedPack& pack : repository_.catalog.packs())
        if (pack.state == PackState::committed) query(pack.facts);
    return !lost_.empty();
}

bool Soundness::query(const PackFacts& facts) {
    const bool is_there = repository_.chunks.pack_size(facts.id) == facts.size;
    (is_there ? there_ : lost_).insert(facts.id);
    return is_there;
}

bool Soundness::is_there(const PackId& pack) {
    if (there_.contains(pack)) return true;
    if (lost_.contains(pack)) return false;
    const std::optional<ListedPack> known = repository_.catalog.pack(pack);
    return known && query(known->facts);
}

bool Soundness::is_sound(const ChunkAddress& current) {
    return is_there(current.pack) && (damage_ == nullptr || !damage_->contains(current));
}

std::optional<ChunkAddress> Soundness::culprit(const ChunkAddress& address) {
    const std::optional<ChunkAddress> now = repository_.catalog.current(address);
    if (!now) return address;
    if (!is_sound(*now)) return now;
    try {
        const std::optional<SlotInForce> slot = slots_.find(address);
        if (!slot) return now;
        if (!slot->is_patch()) return std::nullopt;
        const std::optional<ChunkAddress> base = slots_.base_of(*slot);
        if (!base) return now;
        return is_sound(*base) ? std::nullopt : base;
    } catch (const Error& error) {  // no copy of the pack's slot table could be read
        if (!is_damaged_or_missing(error)) throw;
        return now;
    }
}

std::string Soundness::describe() const {
    if (!lost_.empty()) {
        const PackId& first = *std::min_element(lost_.begin(), lost_.end());
        return fmt::format("pack {}{} missing or truncated", first.hex(),
                           lost_.size() == 1 ? " is" : fmt::format(" and {} more are", lost_.size() - 1));
    }
    return damage_ != nullptr && !damage_->empty() ? "verify found damage in the repository"
                                                   : "a map page of the repository is damaged";
}

}  // namespace varve
