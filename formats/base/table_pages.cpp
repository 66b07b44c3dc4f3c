#include "formats/base/table_pages.h"

#include <algorithm>

#include "engine/base/check.h"

namespace varve {
namespace {

constexpr std::uint64_t page_bytes_max = 64 << 10;

}  // namespace

TablePages::TablePages(const ByteSource& source, std::size_t entry_bytes, std::shared_ptr<ReadCaches> caches)
    : source_(source), entry_bytes_(entry_bytes), caches_(std::move(caches)), owner_(caches_->tables.new_owner()) {
    VARVE_CHECK(entry_bytes_ > 0 && page_bytes_max % entry_bytes_ == 0);
}

TableEntries TablePages::entries_from(ByteRange area, std::uint64_t entry) const {
    VARVE_CHECK(entry < area.length.value / entry_bytes_);
    const std::uint64_t at = entry * entry_bytes_;
    const std::uint64_t page = at / page_bytes_max * page_bytes_max;
    const ByteOffset position = area.begin + ByteCount{page};
    const std::uint64_t length = std::min(page_bytes_max, area.length.value - page);
    const auto load = [&] {
        Bytes bytes(static_cast<std::size_t>(length));
        source_.read_at(position, bytes);
        return bytes;
    };
    BlockCache::Block block = caches_->tables.get({owner_, position.value}, load);
    if (block->size() < length) block = std::make_shared<const Bytes>(load());  // the area has grown since
    const std::uint64_t first = at - page;
    return {std::move(block), static_cast<std::size_t>(first),
            static_cast<std::size_t>((length - first) / entry_bytes_), entry_bytes_};
}

}  // namespace varve
