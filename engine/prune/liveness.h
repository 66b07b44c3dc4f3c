#pragma once
/// Which slots the live snapshots need: their map pages, chunks, the bases of patches, and attachments, as they are
/// today, after moves. One bit per slot, in a plane per pack.
///
/// This is a full mark: each page of the live maps is read once, however many snapshots share it, so the cost follows
/// what is kept, not what was forgotten. Memory: one bit per slot of the packs in use (one byte in metadata packs),
/// and 24 bytes per patch. One thread.

#include <cstdint>
#include <memory>
#include <stop_token>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/prune/page_substitutes.h"
#include "engine/repository/disk_map.h"
#include "engine/repository/repository.h"

namespace varve {

class Liveness {
public:
    /// Borrows the catalog and the chunks of `repository`, and `substitutes`. Addresses are resolved as the catalog has
    /// them when a snapshot is added: after a move entry, start again with a new object.
    Liveness(const Repository& repository, const PageSubstitutes& substitutes)
        : catalog_(repository.catalog), chunks_(repository.chunks), substitutes_(substitutes) {}

    /// Marks what `snapshot` needs. A second call for it is cheap. Of a metadata pack whose slot table is lost, what
    /// maps name is needed. Throws Error(corrupt) or Error(not_found) when a page of its map cannot be read and has no
    /// substitute, or an address leads nowhere or to something else than is expected there: what lies below is unknown,
    /// so this object must not be used any more.
    void add(const SnapshotRecord& snapshot, const std::stop_token& stop);

    /// The slots of `pack` that are needed, by number; empty: none.
    const std::vector<bool>& slots_of(const PackId& pack) const;

    /// The same as addresses, ascending.
    std::vector<ChunkAddress> addresses_in(const PackId& pack) const;

    /// How many slots of `pack` are needed.
    std::uint32_t count_of(const PackId& pack) const;

    /// What the slot at `now`, which is needed and in a metadata pack, holds.
    SlotKind kind_of(const ChunkAddress& now) const { return planes_.at(now.pack).kinds[now.slot]; }

private:
    struct Plane {
        bool has_table = true;  ///< false: the pack's slot table is lost; then slots exist because a map names them
        std::vector<bool> needed;
        std::uint32_t count = 0;
        std::vector<SlotKind> kinds;   ///< by slot; empty: chunks and patches only
        std::vector<PatchBase> bases;  ///< of the pack's patches, ascending by slot
    };

    bool mark(const ChunkAddress& address, SlotKind kind);
    bool mark_now(const ChunkAddress& now, SlotKind kind);
    ChunkAddress current(const ChunkAddress& address) const;
    static bool set(Plane& plane, const ChunkAddress& now, SlotKind kind);
    static void believe(Plane& plane, const ChunkAddress& now, SlotKind kind);
    void mark_chunks(const LeafPage& page);
    void mark_substitute(const DiskMap& map, const SubstitutePage& page, const std::stop_token& stop);
    void mark_subtree(const DiskMap& map, int level, const Subtree& subtree, const std::stop_token& stop);
    Plane& plane_of(const PackId& pack);
    std::shared_ptr<const SlotTable> table_of(const PackId& pack) const;

    const Catalog& catalog_;
    const ChunkStore& chunks_;
    const PageSubstitutes& substitutes_;
    std::unordered_map<PackId, Plane> planes_;
    std::unordered_set<const SubstitutePage*> added_substitutes_;
};

}  // namespace varve
