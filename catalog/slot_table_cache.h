#pragma once
/// Parsed slot tables of the most recently used packs. Safe from many threads.

#include <memory>

#include "catalog/pack_row.h"
#include "catalog/reader_pool.h"
#include "engine/base/lru_cache.h"
#include "engine/repository/slot_table.h"

namespace varve {

class SlotTableCache {
public:
    /// Borrows `readers`.
    SlotTableCache(ReaderPool& readers, std::size_t bytes_max) : readers_(readers), tables_(bytes_max) {}

    /// The table that `row` refers to, or null when the database does not (or no longer) have it.
    std::shared_ptr<const SlotTable> find(const PackRow& row);

private:
    /// With the checksum of its bytes, because a number can be reused for another table.
    struct Sealed {
        std::uint64_t seal = 0;
        std::shared_ptr<const SlotTable> table;
    };

    ReaderPool& readers_;
    LruCache<PackNumber, Sealed> tables_;
};

}  // namespace varve
