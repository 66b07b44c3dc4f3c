#pragma once
/// The runs of slots that move tables moved away from one pack, in the order in which they apply.

#include <cstdint>
#include <optional>
#include <vector>

#include "catalog/pack_row.h"

namespace varve {

struct MoveRow {
    std::uint64_t table = 0;  ///< number of the table over all move entries, from 1: tables apply in this order
    std::uint32_t from_slot = 0;
    std::uint32_t slots = 0;
    PackNumber to_pack = 0;
    std::uint32_t to_slot = 0;
    LogNumber entry = 0;  ///< the move entry; for people
};

/// Ascending by table, then by slot.
using MoveRows = std::vector<MoveRow>;

/// The first run of a table after `table` that names the slot, or null.
const MoveRow* find_move(const MoveRows& rows, std::uint32_t slot, std::uint64_t after_table);

/// The runs away from `pack`; nullopt when they are not (or no longer) those that its row refers to.
std::optional<MoveRows> read_moves(SqliteDatabase& database, const PackRow& pack);

/// Adds a run away from `from` and counts it in its row.
void write_move(SqliteDatabase& database, PackRow& from, const MoveRow& move);

}  // namespace varve
