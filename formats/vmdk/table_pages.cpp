#include "formats/vmdk/table_pages.h"

#include <algorithm>

#include "engine/base/check.h"

namespace varve::vmdk {
namespace {

constexpr std::uint64_t page_bytes = 64 << 10;

}  // namespace

TablePages::TablePages(ByteSourcePtr device, std::size_t word_bytes, std::shared_ptr<ReadCaches> caches)
    : device_(std::move(device)),
      word_bytes_(word_bytes),
      caches_(std::move(caches)),
      owner_(caches_->tables.new_owner()) {}

TableWords TablePages::words_from(ByteOffset at, std::uint64_t count) const {
    VARVE_CHECK(count > 0 && contains(at, 1) && at.value % word_bytes_ == 0);
    const std::uint64_t begin = at.value / page_bytes * page_bytes;
    const std::uint64_t length = std::min(page_bytes, device_->size().value - begin);
    const auto load = [&] {
        Bytes bytes(static_cast<std::size_t>(length));
        device_->read_at(ByteOffset{begin}, bytes);
        return bytes;
    };
    BlockCache::Block page = caches_->tables.get({owner_, begin}, load);
    const std::uint64_t first = at.value - begin;
    const std::uint64_t held = (page->size() - first) / word_bytes_;
    return {std::move(page), static_cast<std::size_t>(first), static_cast<std::size_t>(std::min(held, count)),
            word_bytes_};
}

bool TablePages::contains(ByteOffset at, std::uint64_t words) const {
    const std::uint64_t size = device_->size().value;
    return at.value <= size && words <= (size - at.value) / word_bytes_;
}

}  // namespace varve::vmdk
