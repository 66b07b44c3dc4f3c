#include "engine/prune/prune_plan.h"

#include <algorithm>
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
    PlanMaker(const Repository& repository, const Liveness& liveness, const PruneLimits& limits)
        : repository_(repository), liveness_(liveness), limits_(limits) {}

    PrunePlan run(const std::vector<PackId>& own_orphans, const WriterHint& hint) {
        list(own_orphans, hint);
        std::vector<MeasuredPack> data;
        std::vector<ListedPack> metadata;
        for (const ListedPack& pack : repository_.catalog.packs()) {
            if (pack.state != PackState::committed) continue;
            if (pack.facts.kind == PackKind::data)
                data.push_back(measure_data(pack.facts));
            else
                metadata.push_back(pack);
        }
        choose_packs(data, limits_);
        for (const MeasuredPack& pack : data) take(pack, {});
        plan_metadata(metadata);
        return std::move(plan_);
    }

private:
    void list(const std::vector<PackId>& own_orphans, const WriterHint& hint);
    MeasuredPack measure_data(const PackFacts& facts) const;
    std::optional<MeasuredPack> measure_metadata(const PackFacts& facts, std::vector<PackId>& tables_of) const;
    bool add_copies(const StoredPack& stored, const std::vector<ByteCount>& copies, MeasuredPack& pack,
                    std::vector<PackId>& tables_of) const;
    void plan_metadata(const std::vector<ListedPack>& packs);
    void take(const MeasuredPack& pack, std::vector<PackId> tables_of);
    std::optional<ChunkAddress> damaged_slot(const PackId& pack) const;
    bool stays(const PackId& pack) const;

    const Repository& repository_;
    const Liveness& liveness_;
    PruneLimits limits_;
    PrunePlan plan_;
    std::unordered_set<PackId> given_up_;
};

/// Sorts out what no entry names, and what an earlier prune condemned without deleting it.
void PlanMaker::list(const std::vector<PackId>& own_orphans, const WriterHint& hint) {
    std::vector<PlannedPack> orphans;
    for (const PackId& id : repository_.chunks.list_packs()) {
        const std::optional<ByteCount> size = repository_.chunks.pack_size(id);
        if (!size) continue;
        plan_.bytes_before += *size;
        const std::optional<ListedPack> known = repository_.catalog.pack(id);
        if (known && known->state == PackState::committed) continue;
        if (known && known->state == PackState::condemned) {
            plan_.leftovers.push_back({id, PackKind::data, {}, *size});
        } else {
            orphans.push_back({{id, PackKind::data, {}, *size}, PackFate::orphan, {}, {}});
        }
    }
    const std::unordered_set<PackId> own(own_orphans.begin(), own_orphans.end());
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
    for (const ListedPack& pack : packs) {
        std::vector<PackId> copies;
        if (auto one = measure_metadata(pack.facts, copies)) {
            measured.push_back(*one);
            tables_of.push_back(std::move(copies));
        }
    }
    if (limits_.copy_max) limits_.copy_max = *limits_.copy_max - std::min(*limits_.copy_max, plan_.bytes_to_copy());
    choose_packs(measured, limits_);
    for (std::size_t i = 0; i < measured.size(); ++i) take(measured[i], std::move(tables_of[i]));
}

void PlanMaker::take(const MeasuredPack& pack, std::vector<PackId> tables_of) {
    if (pack.fate == PackFate::kept) return;
    if (const auto damaged = damaged_slot(pack.facts.id)) return plan_.damaged.push_back(*damaged);
    given_up_.insert(pack.facts.id);
    plan_.packs.push_back({pack.facts, pack.fate, pack.live, std::move(tables_of)});
}

/// What verify or an earlier prune found damaged on this host cannot be copied.
std::optional<ChunkAddress> PlanMaker::damaged_slot(const PackId& pack) const {
    if (repository_.known_damage == nullptr || repository_.known_damage->empty()) return std::nullopt;
    for (const ChunkAddress& address : liveness_.addresses_in(pack))
        if (repository_.known_damage->contains(address)) return address;
    return std::nullopt;
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

PrunePlan plan_prune(const Repository& repository, const Liveness& liveness, const std::vector<PackId>& own_orphans,
                     const PruneLimits& limits, const WriterHint& hint) {
    return PlanMaker(repository, liveness, limits).run(own_orphans, hint);
}

}  // namespace varve
