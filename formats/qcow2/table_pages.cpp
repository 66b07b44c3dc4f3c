#include "formats/qcow2/table_pages.h"

#include <algorithm>

#include "engine/base/check.h"

namespace varve::qcow2 {
namespace {

constexpr std::uint64_t page_bytes_max = 64 << 10;

}  // namespace

TablePages::TablePages(const ByteSource& file, std::size_t entry_bytes, std::shared_ptr<ReadCaches> caches)
    : file_(file), entry_bytes_(entry_bytes), caches_(std::move(caches)), owner_(caches_->tables.new_owner()) {}

TableEntries TablePages::entries_from(ByteRange table, std::uint64_t entry) const {
    const std::uint64_t at = entry * entry_bytes_;
    VARVE_CHECK(at < table.length.value);
    const std::uint64_t page = at / page_bytes_max * page_bytes_max;
    const ByteOffset position = table.begin + ByteCount{page};
    const std::uint64_t length = std::min(page_bytes_max, table.length.value - page);
    const auto load = [&] {
        Bytes bytes(static_cast<std::size_t>(length));
        file_.read_at(position, bytes);
        return bytes;
    };
    BlockCache::Block block = caches_->tables.get({owner_, position.value}, load);
    const auto first = static_cast<std::size_t>((at - page) / entry_bytes_);
    const std::size_t count = block->size() / entry_bytes_ - first;
    return {std::move(block), first, count, entry_bytes_};
}

}  // namespace varve::qcow2
