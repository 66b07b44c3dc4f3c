#include "engine/prune/prune_plan.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "engine/base/error.h"

namespace varve {
namespace {

/// What a slot costs besides its content: its record in the frame's header and in the slot table.
constexpr std::uint64_t slot_overhead_bytes = 128;

/// A pack with so many slots counts as full, whatever its size.
constexpr std::size_t slots_of_full_pack = slots_per_pack_max / 32 * 25;

ByteCount stored_bytes(const SlotTable& table, const Slot& slot) {
    const Frame& frame = table.frames[slot.frame];
    const std::uint64_t content =
        frame.plain_bytes == 0 ? 0 : std::uint64_t{frame.stored_bytes} * slot.length / frame.plain_bytes;
    return {content + slot_overhead_bytes};
}

class PlanMaker {
public:
    PlanMaker(const PlanBasis& basis, PruneScope scope, const PruneLimits& limits)
        : basis_(basis),
          repository_(basis.repository),
          liveness_(basis.liveness),
          scope_(scope),
          limits_(limits),
          may_heal_(scope == PruneScope::damaged_packs || !limits.copy_max) {}

    PrunePlan run(const WriterHint& hint) {
        list(hint);
        std::vector<MeasuredPack> data;
        std::vector<ListedPack> metadata;
        for (const ListedPack& pack : repository_.catalog.packs()) {
            if (pack.state != PackState::committed) continue;
            if (pack.facts.kind == PackKind::data)
                data.push_back(measure_data(pack.facts));
            else
                metadata.push_back(pack);
        }
        if (scope_ == PruneScope::everything) choose_packs(data, limits_);
        for (MeasuredPack& pack : data) {
            if (can_be_healed(pack.facts))
                pack.fate = PackFate::healed;
            else if (scope_ == PruneScope::damaged_packs)
                note_damage(pack.facts.id);
            take(pack, {});
        }
        plan_metadata(metadata);
        return std::move(plan_);
    }

private:
    void list(const WriterHint& hint);
    MeasuredPack measure_data(const PackFacts& facts) const;
    std::optional<MeasuredPack> measure_metadata(const PackFacts& facts, std::vector<PackId>& tables_of) const;
    bool add_copies(const StoredPack& stored, const std::vector<ByteCount>& copies, MeasuredPack& pack,
                    std::vector<PackId>& tables_of) const;
    void plan_metadata(const std::vector<ListedPack>& packs);
    void plan_damaged_metadata(const std::vector<PackFacts>& packs, const std::vector<ListedPack>& all);
    std::optional<MeasuredPack> measure_damaged_metadata(const PackFacts& facts) const;
    std::vector<PackId> packs_without_copy(const std::vector<ListedPack>& holders) const;
    bool is_suspect(const PackFacts& pack) const;
    void take(const MeasuredPack& pack, std::vector<PackId> tables_of);
    std::vector<ChunkAddress> damaged_slots(const PackId& pack) const;
    bool can_be_healed(const PackFacts& pack) const;
    bool note_damage(const PackId& pack);
    std::optional<ByteCount> size_now(const PackId& pack) const;
    bool stays(const PackId& pack) const;

    const PlanBasis& basis_;
    const Repository& repository_;
    const Liveness& liveness_;
    const PruneScope scope_;
    PruneLimits limits_;
    const bool may_heal_;  ///< healing copies as much as it needs
    PrunePlan plan_;
    std::unordered_set<PackId> given_up_;
    std::unordered_map<PackId, ByteCount> there_;  ///< packs that were listed, with their sizes
};

/// Sorts out what no entry names, and what an earlier prune condemned without deleting it.
void PlanMaker::list(const WriterHint& hint) {
    std::vector<PlannedPack> orphans;
    for (const PackId& id : repository_.chunks.list_packs()) {
        const std::optional<ByteCount> size = repository_.chunks.pack_size(id);
        if (!size) continue;
        plan_.bytes_before += *size;
        there_.emplace(id, *size);
        const std::optional<ListedPack> known = repository_.catalog.pack(id);
        if (known && known->state == PackState::committed) continue;
        if (known && known->state == PackState::condemned) {
            plan_.leftovers.push_back({id, PackKind::data, {}, *size});
        } else {
            orphans.push_back({{id, PackKind::data, {}, *size}, PackFate::orphan, {}, {}});
        }
    }
    if (scope_ == PruneScope::damaged_packs) return plan_.leftovers.clear();
    const std::unordered_set<PackId> own(basis_.own_orphans.begin(), basis_.own_orphans.end());
    const bool is_spared = hint();
    for (PlannedPack& orphan : orphans) {
        if (is_spared && !own.contains(orphan.facts.id)) {
            ++plan_.spared.count;
            plan_.spared.bytes += orphan.facts.size;
        } else {
            plan_.packs.push_back(std::move(orphan));
        }
    }
}

MeasuredPack PlanMaker::measure_data(const PackFacts& facts) const {
    MeasuredPack pack;
    pack.facts = facts;
    pack.dead = facts.size;
    const std::vector<bool>& needed = liveness_.slots_of(facts.id);
    if (needed.empty()) return pack;
    pack.is_full_of_slots = needed.size() >= slots_of_full_pack;
    if (liveness_.count_of(facts.id) == needed.size()) {
        pack.live = facts.size;
        pack.dead = {};
        return pack;
    }
    const auto table = repository_.catalog.slots(facts.id);
    pack.dead = {};
    for (std::size_t slot = 0; slot < needed.size(); ++slot)
        (needed[slot] ? pack.live : pack.dead) += stored_bytes(*table, table->slots[slot]);
    return pack;
}

/// A metadata pack's copies of slot tables are needed while their packs stay. To know whose they are, the copies have
/// to be read; that is left out for a full pack that would stay even if none of them was needed. nullopt: it stays,
/// because it cannot be read completely.
std::optional<MeasuredPack> PlanMaker::measure_metadata(const PackFacts& facts, std::vector<PackId>& tables_of) const {
    MeasuredPack pack;
    pack.facts = facts;
    std::shared_ptr<const SlotTable> table;
    try {
        table = repository_.catalog.slots(facts.id);
    } catch (const Error& error) {
        if (!is_damaged_or_missing(error)) throw;
        return std::nullopt;
    }
    const std::vector<bool>& needed = liveness_.slots_of(facts.id);
    pack.is_full_of_slots = table->slots.size() >= slots_of_full_pack;
    std::vector<ByteCount> copies;
    for (std::size_t slot = 0; slot < table->slots.size(); ++slot) {
        const ByteCount bytes = stored_bytes(*table, table->slots[slot]);
        const SlotKind kind = table->slots[slot].kind;
        if (kind == SlotKind::slot_table)
            copies.push_back(bytes);
        else if (kind == SlotKind::move_table || (slot < needed.size() && needed[slot]))
            pack.live += bytes;
        else
            pack.dead += bytes;
    }
    return add_copies({facts, table}, copies, pack, tables_of) ? std::optional(pack) : std::nullopt;
}

bool PlanMaker::add_copies(const StoredPack& stored, const std::vector<ByteCount>& copies, MeasuredPack& pack,
                           std::vector<PackId>& tables_of) const {
    if (copies.empty()) return true;
    MeasuredPack at_worst = pack;
    for (const ByteCount bytes : copies) at_worst.dead += bytes;
    if (!may_be_given_up(at_worst, limits_)) {
        pack.live += at_worst.dead - pack.dead;
        return true;
    }
    try {
        for (const auto& [of, slots] : repository_.chunks.read_slot_table_copies(stored)) tables_of.push_back(of);
    } catch (const Error& error) {
        if (!is_damaged_or_missing(error)) throw;
    }
    if (tables_of.size() != copies.size()) return false;
    for (std::size_t i = 0; i < copies.size(); ++i) (stays(tables_of[i]) ? pack.live : pack.dead) += copies[i];
    return true;
}

/// After the data packs, because a slot table goes with its pack.
void PlanMaker::plan_metadata(const std::vector<ListedPack>& packs) {
    std::vector<MeasuredPack> measured;
    std::vector<std::vector<PackId>> tables_of;
    std::vector<PackFacts> damaged;
    for (const ListedPack& pack : packs) {
        if (may_heal_ && is_suspect(pack.facts)) {
            damaged.push_back(pack.facts);
            continue;
        }
        if (scope_ == PruneScope::damaged_packs) continue;
        std::vector<PackId> copies;
        if (auto one = measure_metadata(pack.facts, copies)) {
            measured.push_back(*one);
            tables_of.push_back(std::move(copies));
        }
    }
    if (limits_.copy_max) limits_.copy_max = *limits_.copy_max - std::min(*limits_.copy_max, plan_.bytes_to_copy());
    choose_packs(measured, limits_);
    for (std::size_t i = 0; i < measured.size(); ++i) take(measured[i], std::move(tables_of[i]));
    if (!damaged.empty()) plan_damaged_metadata(damaged, packs);
}

/// Which slot tables a damaged pack holds copies of cannot be read: it is taken for the holder of all those of which no
/// sound pack has one.
void PlanMaker::plan_damaged_metadata(const std::vector<PackFacts>& packs, const std::vector<ListedPack>& all) {
    const std::vector<PackId> tables_of = packs_without_copy(all);
    for (const PackFacts& facts : packs) {
        std::optional<MeasuredPack> pack = measure_damaged_metadata(facts);
        if (!pack && scope_ == PruneScope::damaged_packs) note_damage(facts.id);
        if (!pack) continue;
        pack->fate = PackFate::healed;
        take(*pack, tables_of);
    }
}

/// nullopt: it stays, because something in it that is needed cannot be read and is nowhere else.
std::optional<MeasuredPack> PlanMaker::measure_damaged_metadata(const PackFacts& facts) const {
    MeasuredPack pack;
    pack.facts = facts;
    const std::vector<ChunkAddress> damaged = damaged_slots(facts.id);
    const bool can_be_had = std::all_of(damaged.begin(), damaged.end(), [&](const ChunkAddress& slot) {
        return basis_.substitutes.find(slot) != nullptr;
    });
    if (!can_be_had) return std::nullopt;
    const std::vector<bool>& needed = liveness_.slots_of(facts.id);
    try {
        const auto table = repository_.catalog.slots(facts.id);
        for (std::size_t slot = 0; slot < table->slots.size(); ++slot)
            if (slot < needed.size() && needed[slot]) pack.live += stored_bytes(*table, table->slots[slot]);
    } catch (const Error& error) {
        if (!is_damaged_or_missing(error)) throw;
        pack.live = {slot_overhead_bytes * liveness_.count_of(facts.id)};  // its slot table is lost
    }
    return pack;
}

/// Data packs of which no sound metadata pack holds a copy of the slot table. Reads all copies.
std::vector<PackId> PlanMaker::packs_without_copy(const std::vector<ListedPack>& holders) const {
    std::unordered_set<PackId> copied;
    for (const ListedPack& holder : holders) {
        if (!stays(holder.facts.id) || is_suspect(holder.facts)) continue;
        try {
            const StoredPack stored{holder.facts, repository_.catalog.slots(holder.facts.id)};
            for (const auto& [of, slots] : repository_.chunks.read_slot_table_copies(stored)) copied.insert(of);
        } catch (const Error& error) {
            if (!is_damaged_or_missing(error)) throw;  // then its copies are written again, too
        }
    }
    std::vector<PackId> packs;
    for (const ListedPack& pack : repository_.catalog.packs())
        if (pack.facts.kind == PackKind::data && stays(pack.facts.id) && !copied.contains(pack.facts.id))
            packs.push_back(pack.facts.id);
    return packs;
}

void PlanMaker::take(const MeasuredPack& pack, std::vector<PackId> tables_of) {
    if (pack.fate == PackFate::kept) return;
    if (pack.fate != PackFate::healed && note_damage(pack.facts.id)) return;
    given_up_.insert(pack.facts.id);
    plan_.packs.push_back({pack.facts, pack.fate, pack.live, std::move(tables_of)});
}

/// False: none is known.
bool PlanMaker::note_damage(const PackId& pack) {
    const std::vector<ChunkAddress> damaged = damaged_slots(pack);
    if (!damaged.empty()) plan_.damaged.push_back(damaged.front());
    return !damaged.empty();
}

/// A listing may lag.
std::optional<ByteCount> PlanMaker::size_now(const PackId& pack) const {
    if (const auto listed = there_.find(pack); listed != there_.end()) return listed->second;
    return repository_.chunks.pack_size(pack);
}

/// What is needed of the pack and cannot be copied: what verify or an earlier prune found damaged on this host, and all
/// of a pack that is missing.
std::vector<ChunkAddress> PlanMaker::damaged_slots(const PackId& pack) const {
    std::vector<ChunkAddress> needed = liveness_.addresses_in(pack);
    if (needed.empty() || !size_now(pack)) return needed;
    const KnownDamage* damage = repository_.known_damage;
    std::erase_if(needed, [&](const ChunkAddress& slot) { return damage == nullptr || !damage->slots.contains(slot); });
    return needed;
}

/// Whether something of the pack is damaged or missing, as far as this host knows.
bool PlanMaker::is_suspect(const PackFacts& pack) const {
    const KnownDamage* damage = repository_.known_damage;
    return (damage != nullptr && damage->touches(pack.id)) || size_now(pack.id) != pack.size ||
           basis_.substitutes.has_in(pack.id);
}

/// Whether every slot that is known to be damaged has a replacement. Of a pack that is damaged as a whole, or
/// truncated, what is left is tried.
bool PlanMaker::can_be_healed(const PackFacts& pack) const {
    if (!may_heal_ || liveness_.count_of(pack.id) == 0 || !is_suspect(pack)) return false;
    const std::vector<ChunkAddress> damaged = damaged_slots(pack.id);
    const auto table = repository_.catalog.slots(pack.id);
    return std::all_of(damaged.begin(), damaged.end(), [&](const ChunkAddress& slot) {
        return basis_.replacements.may_have(table->slots[slot.slot].id);
    });
}

bool PlanMaker::stays(const PackId& pack) const {
    const auto known = repository_.catalog.pack(pack);
    return known && known->state == PackState::committed && !given_up_.contains(pack);
}

}  // namespace

ByteCount PrunePlan::bytes_to_copy() const {
    ByteCount bytes;
    for (const PlannedPack& pack : packs) bytes += pack.live;
    return bytes;
}

PrunePlan plan_prune(const PlanBasis& basis, PruneScope scope, const PruneLimits& limits, const WriterHint& hint) {
    return PlanMaker(basis, scope, limits).run(hint);
}

}  // namespace varve
