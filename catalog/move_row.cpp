#include "catalog/move_row.h"

#include <algorithm>

#include "catalog/seal.h"

namespace varve {
namespace {

std::uint64_t seal(PackNumber from, const MoveRow& move) {
    return Seal("move")
        .add(from)
        .add(move.table)
        .add(move.from_slot)
        .add(move.slots)
        .add(move.to_pack)
        .add(move.to_slot)
        .add(move.entry)
        .value();
}

}  // namespace

const MoveRow* find_move(const MoveRows& rows, std::uint32_t slot, std::uint64_t after_table) {
    const auto later = [](std::uint64_t table, const MoveRow& row) { return table < row.table; };
    const auto behind = [](std::uint32_t wanted, const MoveRow& row) { return wanted < row.from_slot; };
    auto begin = std::upper_bound(rows.begin(), rows.end(), after_table, later);
    while (begin != rows.end()) {
        const auto end = std::upper_bound(begin, rows.end(), begin->table, later);
        const auto next = std::upper_bound(begin, end, slot, behind);
        if (next != begin && slot - std::prev(next)->from_slot < std::prev(next)->slots) return &*std::prev(next);
        begin = end;
    }
    return nullptr;
}

std::optional<MoveRows> read_moves(SqliteDatabase& database, const PackRow& pack) {
    SqliteQuery rows = database.query(
        "SELECT table_no, from_slot, slots, to_pack, to_slot, entry FROM moves WHERE from_pack = ? ORDER BY table_no, "
        "from_slot",
        pack.number);
    MoveRows moves;
    std::uint64_t sum = 0;
    while (rows.step()) {
        moves.push_back({rows.number(0), static_cast<std::uint32_t>(rows.integer(1)),
                         static_cast<std::uint32_t>(rows.integer(2)), static_cast<PackNumber>(rows.integer(3)),
                         static_cast<std::uint32_t>(rows.integer(4)), rows.number(5)});
        sum += seal(pack.number, moves.back());
    }
    if (moves.size() != pack.moves || sum != pack.moves_sum) return std::nullopt;
    return moves;
}

void write_move(SqliteDatabase& database, PackRow& from, const MoveRow& move) {
    database.run("INSERT INTO moves VALUES (?, ?, ?, ?, ?, ?, ?)", from.number, move.table, move.from_slot, move.slots,
                 move.to_pack, move.to_slot, move.entry);
    ++from.moves;
    from.moves_sum += seal(from.number, move);
}

}  // namespace varve
