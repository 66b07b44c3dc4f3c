#include "catalog/id_lookup.h"

#include <algorithm>

#include "catalog/index_run.h"

namespace varve {

std::optional<Place> IdLookup::find(const CatalogView& view, const ChunkId& id, const ChunkTest& is_usable) {
    const IdTag tag = tag_of(id);
    for (auto run = view.runs().rbegin(); run != view.runs().rend(); ++run) {
        if ((*run)->filter() == nullptr) {
            const ReaderPool::Lease reader(readers_);
            if (!load_filter(*reader, folder_, **run)) return std::nullopt;
        }
        if (!(*run)->filter()->may_contain(tag)) continue;
        const std::optional<Place> found = find_in_run(view, **run, id, is_usable);
        if (!found || found->address) return found;
    }
    return Place{};
}

std::optional<Place> IdLookup::find_in_run(const CatalogView& view, const IndexRun& run, const ChunkId& id,
                                           const ChunkTest& is_usable) {
    const IdTag tag = tag_of(id);
    const IndexRun::PageRange pages = run.pages_of(tag);
    for (std::size_t i = pages.begin; i < pages.end; ++i) {
        const std::shared_ptr<const IndexPage> entries = page(run, i);
        if (!entries) return std::nullopt;
        auto entry = std::lower_bound(entries->begin(), entries->end(), IndexEntry{tag, 0, 0});
        for (; entry != entries->end() && entry->tag == tag; ++entry) {
            const std::optional<Place> found = prove(view, *entry, id);
            if (!found || (found->address && is_usable(*found->address))) return found;
        }
    }
    return Place{};
}

/// Where the chunk of an index entry is now, if it is this chunk and not only its tag, in a pack that counts.
std::optional<Place> IdLookup::prove(const CatalogView& view, const IndexEntry& entry, const ChunkId& id) {
    const std::optional<const PackRow*> named = view.find(readers_, entry.pack);
    if (!named) return std::nullopt;
    const PackRow* row = *named;
    if (row == nullptr || !row->is_live() || !row->slots) return Place{};
    const std::shared_ptr<const SlotTable> table = slots_.find(*row);
    if (!table) return std::nullopt;
    if (entry.slot >= table->slots.size() || table->slots[entry.slot].id != id) return Place{};
    if (table->slots[entry.slot].kind == SlotKind::patch) {
        // A patch is usable only together with its base.
        const std::optional<Place> base = addresses_.resolve(view, table->base_of(entry.slot));
        if (!base) return std::nullopt;
        if (!base->address) return Place{};
        const std::optional<const PackRow*> base_row = view.find(readers_, base->address->pack);
        if (!base_row) return std::nullopt;
        if (*base_row == nullptr || !(*base_row)->is_live()) return Place{};
    }
    return addresses_.resolve(view, {row->id, entry.slot});
}

std::shared_ptr<const IndexPage> IdLookup::page(const IndexRun& run, std::size_t index) {
    const std::uint64_t key = page_key(run.number(), index);
    if (auto cached = pages_.find(key)) return cached;
    const ReaderPool::Lease reader(readers_);
    std::optional<IndexPage> entries = read_page(*reader, run, index);
    if (!entries) return nullptr;
    const std::size_t bytes = entries->size() * sizeof(IndexEntry);
    const auto result = std::make_shared<const IndexPage>(std::move(*entries));
    pages_.put(key, result, bytes);
    return result;
}

}  // namespace varve
