#include "catalog/address_resolver.h"

namespace varve {

std::shared_ptr<const AddressResolver::Summed> AddressResolver::moves_of(const PackRow& row) {
    if (auto kept = moves_.find(row.number); kept && kept->sum == row.moves_sum && kept->rows.size() == row.moves)
        return kept;
    const ReaderPool::Lease reader(readers_);
    std::optional<MoveRows> rows = read_moves(*reader, row);
    if (!rows) return nullptr;
    const std::size_t bytes = rows->size() * sizeof(MoveRow);
    const auto moves = std::make_shared<const Summed>(Summed{row.moves_sum, std::move(*rows)});
    moves_.put(row.number, moves, bytes);
    return moves;
}

std::optional<Place> AddressResolver::resolve(const CatalogView& view, ChunkAddress address) {
    std::optional<const PackRow*> found = view.find(readers_, address.pack);
    if (!found) return std::nullopt;
    const PackRow* row = *found;
    for (std::uint64_t table = 0; row != nullptr && row->moves > 0;) {
        const std::shared_ptr<const Summed> moves = moves_of(*row);
        if (!moves) return std::nullopt;
        const MoveRow* move = find_move(moves->rows, address.slot, table);
        if (move == nullptr) break;
        found = view.find(readers_, move->to_pack);
        if (!found) return std::nullopt;
        row = *found;
        if (row == nullptr)
            throw Error(ErrorCode::catalog_damaged,
                        "the catalog is damaged: a move leads to a pack that does not exist");
        address = {row->id, move->to_slot + (address.slot - move->from_slot)};
        table = move->table;
    }
    if (row != nullptr && row->standing == PackRowState::condemned) return Place{};
    return Place{address};
}

}  // namespace varve
