#include "engine/prune/slot_copies.h"

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {
namespace {

constexpr std::size_t chunks_per_batch = 64;

}  // namespace

std::optional<CopyFault> SlotCopies::copy(const PackFacts& pack) {
    auto fault = pack.kind == PackKind::data ? copy_chunks(pack.id, *repository_.catalog.slots(pack.id))
                                             : copy_metadata(pack.id);
    if (fault) moves_.drop(pack.id);
    return fault;
}

std::optional<CopyFault> SlotCopies::copy_chunks(const PackId& pack, const SlotTable& table) {
    const std::vector<ChunkAddress> all = liveness_.addresses_in(pack);
    for (std::size_t begin = 0; begin < all.size(); begin += chunks_per_batch) {
        const std::size_t count = std::min(chunks_per_batch, all.size() - begin);
        if (auto fault = copy_batch(std::span(all).subspan(begin, count), table)) return fault;
    }
    return std::nullopt;
}

std::optional<CopyFault> SlotCopies::copy_batch(std::span<const ChunkAddress> batch, const SlotTable& table) {
    std::vector<bool> is_copied(batch.size());
    const auto copy = [&](std::size_t index, ByteView plain) {
        if (is_copied[index]) return;  // after a miss, a store may pass a chunk again
        const Slot& slot = table.slots[batch[index].slot];
        moves_.add(batch[index], session_.put_chunk(slot.id, slot.fingerprint, plain));
        is_copied[index] = true;
    };
    try {
        repository_.chunks.get(batch, copy);
        return std::nullopt;
    } catch (const Error& error) {
        if (!is_damaged_or_missing(error)) throw;
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {  // which one is it?
        if (is_copied[i]) continue;
        try {
            repository_.chunks.get(batch.subspan(i, 1), [&](std::size_t, ByteView plain) { copy(i, plain); });
        } catch (const Error& error) {
            if (!is_damaged_or_missing(error)) throw;
            if (!heal(batch[i], table.slots[batch[i].slot])) return CopyFault{error.what(), batch[i].slot};
        }
    }
    return std::nullopt;
}

/// False: the content is nowhere else.
bool SlotCopies::heal(const ChunkAddress& address, const Slot& slot) {
    const std::optional<Bytes> content = replacements_.get(slot.id);
    if (!content) return false;
    moves_.add(address, session_.put_chunk(slot.id, slot.fingerprint, *content));
    ++healed_chunks_;
    return true;
}

std::optional<CopyFault> SlotCopies::copy_metadata(const PackId& pack) {
    for (const ChunkAddress& address : liveness_.addresses_in(pack)) {
        try {
            moves_.add(address, copy_metadata(address));
        } catch (const Error& error) {
            if (!is_damaged_or_missing(error)) throw;
            return CopyFault{error.what(), address.slot};
        }
    }
    return std::nullopt;
}

ChunkAddress SlotCopies::copy_metadata(const ChunkAddress& address) {
    if (const SubstitutePage* page = substitutes_.find(address)) return write(*page);
    const SlotKind kind = liveness_.kind_of(address);
    return session_.put_metadata(kind, repository_.chunks.get_metadata(address, kind));
}

/// Below it first, because a page names its children's addresses.
ChunkAddress SlotCopies::write(const SubstitutePage& page) {
    if (const auto written = written_.find(&page); written != written_.end()) return written->second;
    ++healed_pages_;
    Bytes bytes = page.page;
    if (!page.children.empty()) {
        InnerPage inner = inner_of(page);
        for (const auto& [entry, child] : page.children) inner.entries[entry].page = write(*child);
        bytes = encode(inner);
    }
    return written_.emplace(&page, session_.put_metadata(SlotKind::page, bytes)).first->second;
}

}  // namespace varve
