#include "engine/prune/pack_moves.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/repository/checkpoint.h"

namespace varve {

void PackMoves::for_each(const PackId& pack, const std::function<void(const MoveRun&)>& visit) {
    for (const ChunkAddress& table : tables_in(pack))
        for (const MoveRun& run : runs_of(table)) visit(run);
}

std::vector<ChunkAddress> PackMoves::tables_in(const PackId& pack) {
    std::vector<ChunkAddress> tables;
    try {
        const auto slots = repository_.catalog.slots(pack);
        for (std::uint32_t slot = 0; slot < slots->slots.size(); ++slot)
            if (slots->slots[slot].kind == SlotKind::move_table) tables.push_back({pack, slot});
    } catch (const Error& error) {
        if (!is_damaged_or_missing(error)) throw;
        for (const MoveTableInForce& table : logged_tables())
            if (table.address.pack == pack) tables.push_back(table.address);
    }
    return tables;
}

std::vector<MoveRun> PackMoves::runs_of(const ChunkAddress& table) {
    try {
        return parse_move_table(repository_.chunks.get_metadata(table, SlotKind::move_table),
                                fmt::format("move table at slot {} of pack {}", table.slot, table.pack.hex()))
            .runs;
    } catch (const Error& error) {
        if (!is_damaged_or_missing(error)) throw;
        std::vector<MoveRun> known = known_runs(table);
        if (known.empty()) throw;
        return known;
    }
}

/// As this host read the table when it was sound; empty: it did not. No table is empty.
std::vector<MoveRun> PackMoves::known_runs(const ChunkAddress& table) {
    const auto& logged = logged_tables();
    const auto found = std::ranges::find(logged, table, &MoveTableInForce::address);
    return found == logged.end() ? std::vector<MoveRun>() : repository_.catalog.moves(found->number);
}

const std::vector<MoveTableInForce>& PackMoves::logged_tables() {
    if (!log_) log_ = state_of_log(repository_.log, progress_, stop_);
    return log_->tables;
}

}  // namespace varve
