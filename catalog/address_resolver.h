#pragma once
/// Follows addresses through the move tables, each table at most once, in log order. Safe from many threads.

#include <memory>
#include <optional>

#include "catalog/catalog_view.h"
#include "catalog/move_row.h"
#include "catalog/reader_pool.h"
#include "engine/base/lru_cache.h"
#include "engine/repository/chunk.h"

namespace varve {

/// The answer to where something is; without an address: nowhere.
struct Place {
    std::optional<ChunkAddress> address;
};

class AddressResolver {
public:
    /// Borrows `readers`.
    AddressResolver(ReaderPool& readers, std::size_t bytes_max) : readers_(readers), moves_(bytes_max) {}

    /// Where `address` is as of `view`: nowhere when the moves end in a condemned pack. nullopt: the database does not
    /// (or no longer) have what the view refers to.
    std::optional<Place> resolve(const CatalogView& view, ChunkAddress address);

private:
    /// With the sum of the seals, as a pack can get more moves.
    struct Summed {
        std::uint64_t sum = 0;
        MoveRows rows;
    };
    std::shared_ptr<const Summed> moves_of(const PackRow& row);

    ReaderPool& readers_;
    LruCache<PackNumber, Summed> moves_;
};

}  // namespace varve
