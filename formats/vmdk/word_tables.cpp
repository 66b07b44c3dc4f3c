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

Bytes WordTables::copy_from(ByteOffset at, std::uint64_t count) const {
    Bytes out;
    out.reserve(static_cast<std::size_t>(count * word_bytes_));
    while (count > 0) {
        const WordRun run = words_from(at, count);
        const ByteView held = ByteView(*run.entries.page).subspan(run.entries.first_byte, run.count * word_bytes_);
        out.insert(out.end(), held.begin(), held.end());
        at += ByteCount{held.size()};
        count -= run.count;
    }
    return out;
}

bool WordTables::contains(ByteOffset at, std::uint64_t words) const {
    const std::uint64_t size = device_->size().value;
    return at.value <= size && words <= (size - at.value) / word_bytes_;
}

}  // namespace varve::vmdk
