#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "tests/model/world.h"

namespace varve::model {

/// Builds the past of a repository: what happened, in order, before the actors of a scenario begin.
class History {
public:
    explicit History(Rules rules) { world_.env.rules = rules; }

    PackId pack(const std::vector<Slot>& slots) {
        const PackId id = world_.env.rules.on(Rule::fresh_pack_ids) ? ++packs_ : world_.env.name_pack(0, 0, slots);
        world_.env.store.put(id, slots);
        return id;
    }

    void commit(SnapshotId snapshot, const std::vector<PackId>& packs, const std::vector<Address>& map,
                const std::vector<PackId>& hit_packs = {}) {
        Entry entry = new_entry(EntryKind::commit, snapshot);
        entry.packs = packs;
        entry.hit_packs = hit_packs;
        entry.map = map;
        for (Address at : map) entry.content.push_back(world_.env.store.slot(at).chunk);
        world_.env.put_entry(world_.env.log.size() + 1, entry);
    }

    /// A snapshot that takes all its chunks from packs of others.
    void commit_of_hits(SnapshotId snapshot, const std::vector<PackId>& hit_packs, const std::vector<Address>& map) {
        commit(snapshot, {}, map, hit_packs);
    }

    void forget(SnapshotId snapshot) {
        world_.env.put_entry(world_.env.log.size() + 1, new_entry(EntryKind::forget, snapshot));
    }

    void move(const std::vector<PackId>& condemned, const std::vector<PackId>& packs, const std::vector<Moved>& table) {
        Entry entry = new_entry(EntryKind::move, 0);
        entry.condemned = condemned;
        entry.packs = packs;
        entry.table = table;
        entry.table_pack = pack({{table_content, {}}});
        entry.packs.push_back(*entry.table_pack);
        world_.env.put_entry(world_.env.log.size() + 1, entry);
        for (PackId gone : condemned) world_.env.store.remove(gone);
    }

    /// All slots of the pack, to another one.
    void move_all_of(PackId from) {
        std::vector<Slot> slots;
        for (std::size_t slot = 0; slot < world_.env.store.slot_count(from); ++slot)
            slots.push_back(world_.env.store.slot({from, slot}));
        const PackId to = pack(slots);
        std::vector<Moved> table;
        for (std::size_t slot = 0; slot < slots.size(); ++slot) table.push_back({{from, slot}, {to, slot}});
        move({from}, {to}, table);
    }

    std::vector<Chunk> content_of(SnapshotId snapshot) const {
        const Entry* commit = View(world_.env.log, world_.env.log.size()).commit_of(snapshot);
        return commit == nullptr ? std::vector<Chunk>{} : commit->content;
    }

    /// A checkpoint of this history, for another one.
    Log log() const { return world_.env.log; }
    void checkpoint(const Log& log) { world_.env.checkpoints.push_back(log); }

    void damage(Address at) { world_.env.damage.push_back(at); }

    World then(std::vector<Actor> actors, Faults faults = {}, Features features = {}) {
        world_.actors = std::move(actors);
        world_.env.faults = faults;
        world_.env.features = features;
        world_.env.store.sync();
        world_.env.sync_log();
        return world_;
    }

private:
    static Entry new_entry(EntryKind kind, SnapshotId snapshot) {
        Entry entry;
        entry.kind = kind;
        entry.author = 99;  // none of the actors
        entry.snapshot = snapshot;
        return entry;
    }

    World world_;
    PackId packs_ = 0;
};

}  // namespace varve::model
