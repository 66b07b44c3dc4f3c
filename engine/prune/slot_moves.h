#pragma once
/// The moves of one move entry while they are gathered: old address → new address, slot by slot, kept as runs. One
/// thread.

#include <map>
#include <optional>
#include <vector>

#include "engine/repository/move_table.h"

namespace varve {

class SlotMoves {
public:
    /// Notes a move, unless `from` has one already.
    void add(const ChunkAddress& from, const ChunkAddress& to);

    std::optional<ChunkAddress> find(const ChunkAddress& from) const;

    /// Forgets all moves away from `pack`.
    void drop(const PackId& pack);

    bool empty() const { return runs_.empty(); }

    /// The moves as tables that each fit into a slot, ascending.
    std::vector<MoveTable> tables() const;

private:
    struct Target {
        std::uint32_t count = 0;
        ChunkAddress to;
    };

    std::map<ChunkAddress, Target> runs_;  ///< by the first address of the run
};

}  // namespace varve
