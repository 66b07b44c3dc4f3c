#pragma once
/// Does to a repository what a prune by another program may do under the rules of store/FORMAT.md section 10: copies
/// what live snapshots use out of every committed pack, enters a move, deletes the old packs and every orphan.

#include <map>

#include "engine/base/random.h"
#include "engine/repository/disk_map.h"

#include "tests/catch.h"
#include "tests/support/test_repository.h"

namespace varve::test {

class PruneByHand {
public:
    explicit PruneByHand(Backend& backend) : backend_(backend), host_(backend) {}

    /// Moves everything that is live. Packs that no entry names are condemned and deleted too.
    void run() {
        const std::vector<SnapshotRecord> live = host_.snapshots();
        auto session = host_.chunks.begin_session();
        std::map<ChunkAddress, ChunkAddress> moved;
        for (const SnapshotRecord& snapshot : live) copy_snapshot(*session, snapshot, moved);
        MoveTable table;
        for (const auto& [from, to] : moved) table.runs.push_back({from, 1, to});
        MoveEntry move;
        if (!moved.empty()) move.tables = {session->put_metadata(SlotKind::move_table, encode(table))};
        const std::vector<PackId> there = host_.chunks.list_packs();
        for (const StoredPack& pack : session->finish()) move.packs.push_back(pack.facts);
        for (const PackId& id : there) {
            const auto known = host_.catalog->pack(id);
            if (!known || known->state != PackState::condemned) move.condemned.push_back(id);
        }
        LogEntry entry;
        random_bytes(entry.nonce);
        entry.body = move;
        REQUIRE(host_.log.append(host_.catalog->head(), entry).has_value());
        for (const PackId& id : move.condemned) backend_.remove("packs/" + id.hex().substr(0, 2) + "/" + id.hex());
    }

    void forget(const SnapshotRecord& snapshot) {
        LogEntry entry;
        random_bytes(entry.nonce);
        entry.body = ForgetEntry{{snapshot.id}};
        REQUIRE(host_.log.append(catch_up(host_.repository, host_.progress), entry).has_value());
    }

private:
    /// Records the new address under the one that maps have and under the current one, so that older move tables may be
    /// deleted.
    void copy(PackSession& session, const ChunkAddress& address, std::map<ChunkAddress, ChunkAddress>& moved,
              SlotKind kind) {
        if (moved.contains(address)) return;
        const ChunkAddress now = host_.catalog->current(address).value();
        if (!moved.contains(now)) moved[now] = copy_slot(session, address, now, kind);
        moved[address] = moved[now];
    }

    ChunkAddress copy_slot(PackSession& session, const ChunkAddress& address, const ChunkAddress& now, SlotKind kind) {
        if (kind != SlotKind::chunk) return session.put_metadata(kind, host_.chunks.get_metadata(address, kind));
        const Slot slot = host_.catalog->slots(now.pack)->slots.at(now.slot);
        ChunkAddress copied;
        host_.chunks.get({&address, 1}, [&](std::size_t, ByteView plain) {
            copied = session.put_chunk(slot.id, slot.fingerprint, plain);
        });
        return copied;
    }

    void copy_snapshot(PackSession& session, const SnapshotRecord& snapshot,
                       std::map<ChunkAddress, ChunkAddress>& moved) {
        const DiskMap map(host_.chunks, snapshot);
        copy_subtree(session, map, map_root_level, map.root(), moved);
        for (const Attachment& attachment : snapshot.attachments)
            copy(session, attachment.address, moved, SlotKind::attachment);
    }

    void copy_subtree(PackSession& session, const DiskMap& map, int level, const Subtree& subtree,
                      std::map<ChunkAddress, ChunkAddress>& moved) {
        if (subtree.kind != MapKind::present) return;
        if (level == 0) {
            const auto page = map.leaf(subtree);
            for (const LeafEntry& entry : page->entries)
                if (entry.kind == MapKind::present) copy(session, entry.address, moved, SlotKind::chunk);
        } else {
            const auto page = map.inner(level, subtree);
            for (const Subtree& child : page->entries) copy_subtree(session, map, level - 1, child, moved);
        }
        copy(session, subtree.page, moved, SlotKind::page);
    }

    Backend& backend_;
    TestRepository host_;
};

}  // namespace varve::test
