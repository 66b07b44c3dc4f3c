#include "formats/vmdk/word_tables.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "formats/vmdk/error.h"

namespace varve::vmdk {

WordTables::WordTables(ByteSourcePtr device, std::size_t word_bytes, std::shared_ptr<ReadCaches> caches)
    : device_(std::move(device)), word_bytes_(word_bytes), pages_(*device_, word_bytes, std::move(caches)) {}

WordRun WordTables::words_from(ByteOffset at, std::uint64_t count) const {
    VARVE_CHECK(count > 0 && at.value % word_bytes_ == 0);
    const ByteCount size = device_->size();
    const std::uint64_t word = at.value / word_bytes_;
    if (word >= size.value / word_bytes_)
        throw corrupt(device_->place(at),
                      fmt::format("expected a table here, found the end of the file at {}", size.value));
    TableEntries entries = pages_.entries_from({{}, size}, word);
    const auto held = static_cast<std::size_t>(std::min<std::uint64_t>(entries.count, count));
    return {std::move(entries), held};
}

bool WordTables::contains(ByteOffset at, std::uint64_t words) const {
    const std::uint64_t size = device_->size().value;
    return at.value <= size && words <= (size - at.value) / word_bytes_;
}

}  // namespace varve::vmdk
