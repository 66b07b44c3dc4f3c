#pragma once
/// Reads what a catalog needs of the packs that the log names: their slot tables, and the move tables in them. Damage
/// is a warning and costs what depends on it: a catalog is made of what can be read.

#include <optional>
#include <string>
#include <vector>

#include "engine/base/progress.h"
#include "engine/repository/repository.h"

namespace varve {

void warn_of_damage(const std::string& what, Progress& progress);

/// The pack as far as it can be read, or nullopt when it does not exist (a later entry may have condemned it) or
/// nothing of it can be read. A pack is known by its id, and each slot by its own: whatever its slot table names can be
/// trusted.
std::optional<StoredPack> find_pack(const ChunkStore& chunks, const PackFacts& facts, Progress& progress);

/// Slot tables of the packs that an entry names: from copies where they exist, else from the packs' own trailers.
class SlotTables {
public:
    /// Borrows all for its life.
    SlotTables(const ChunkStore& chunks, const std::vector<PackFacts>& named, Progress& progress);

    const std::vector<StoredPack>& packs() const { return packs_; }
    /// Null: unknown.
    const StoredPack* find(const PackId& id) const;

private:
    bool has(const PackId& id) const { return find(id) != nullptr; }
    void add(std::optional<StoredPack> pack);
    void add_metadata(StoredPack pack);

    const ChunkStore& chunks_;
    const std::vector<PackFacts>& named_;
    std::vector<StoredPack> packs_;
};

/// Adds the slot tables of all packs of `state` to `fresh.catalog` as uncommitted ones: from the copies in its metadata
/// packs, else from the packs' own trailers. In batches, so that memory is bounded.
void add_slot_tables(Repository& fresh, const LogState& state, Progress& progress);

/// Where the log names a move table.
struct NamedMoveTable {
    LogNumber entry = 0;
    ChunkAddress address;
};

/// The table, from `pack` (null: it cannot be read). One whose pack an entry after `seen` condemns may be gone: that
/// entry repeats what is still needed. Then, and when it is damaged, an empty table.
MoveTable read_move_table(const Repository& repository, const NamedMoveTable& table, const StoredPack* pack,
                          const LogHead& seen, Progress& progress);

}  // namespace varve
