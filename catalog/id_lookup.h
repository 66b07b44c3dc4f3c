#pragma once
/// Looks chunk ids up in the id index. Safe from many threads.

#include <filesystem>
#include <memory>
#include <optional>

#include "catalog/address_resolver.h"
#include "catalog/catalog_view.h"
#include "catalog/reader_pool.h"
#include "catalog/slot_table_cache.h"
#include "engine/base/lru_cache.h"
#include "engine/repository/catalog.h"

namespace varve {

class IdLookup {
public:
    /// Borrows all but `folder`, where filter files are.
    IdLookup(ReaderPool& readers, std::filesystem::path folder, SlotTableCache& slots, AddressResolver& addresses,
             std::size_t page_bytes_max)
        : readers_(readers), folder_(std::move(folder)), slots_(slots), addresses_(addresses), pages_(page_bytes_max) {}

    /// Where a chunk with this id that `is_usable` is as of `view`. nullopt: the database does not (or no longer) have
    /// what the view refers to.
    std::optional<Place> find(const CatalogView& view, const ChunkId& id, const ChunkTest& is_usable);

private:
    std::optional<Place> find_in_run(const CatalogView& view, const IndexRun& run, const ChunkId& id,
                                     const ChunkTest& is_usable);
    std::optional<Place> prove(const CatalogView& view, const IndexEntry& entry, const ChunkId& id);
    std::shared_ptr<const IndexPage> page(const IndexRun& run, std::size_t index);

    ReaderPool& readers_;
    std::filesystem::path folder_;
    SlotTableCache& slots_;
    AddressResolver& addresses_;
    LruCache<std::uint64_t, IndexPage> pages_;
};

}  // namespace varve
