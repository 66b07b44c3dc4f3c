#include "formats/base/source_cursor.h"

#include <algorithm>

#include <fmt/format.h>

#include "formats/base/image_error.h"

namespace varve {
namespace {
constexpr std::uint64_t buffer_bytes = 64 << 10;
}

void SourceCursor::expect(std::uint64_t count) const {
    if (count > remaining().value)
        throw corrupt_image(source_, fmt::format("{} at offset {}: expected {} more bytes, found {}", object_,
                                                 next_.value, count, remaining().value));
}

void SourceCursor::fill(std::size_t count) {
    const std::uint64_t wanted = std::min(remaining().value, std::max<std::uint64_t>(count, buffer_bytes));
    buffer_.resize(static_cast<std::size_t>(wanted));
    buffer_.resize(read_some(source_, next_, buffer_));
    buffer_begin_ = next_;
    if (buffer_.size() < count)
        throw corrupt_image(
            source_, fmt::format("{} at offset {}: expected {} more bytes, found the end of the file after {}", object_,
                                 next_.value, count, buffer_.size()));
}

ByteView SourceCursor::take(std::size_t count) {
    expect(count);
    const std::uint64_t buffer_end = buffer_begin_.value + buffer_.size();
    if (next_ < buffer_begin_ || next_.value + count > buffer_end) fill(count);
    const ByteView view = ByteView(buffer_).subspan(static_cast<std::size_t>((next_ - buffer_begin_).value), count);
    next_ += ByteCount{count};
    return view;
}

void SourceCursor::skip(ByteCount count) {
    expect(count.value);
    next_ += count;
}

}  // namespace varve
