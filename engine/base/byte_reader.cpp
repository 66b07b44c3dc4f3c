#include "engine/base/byte_reader.h"

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {

ByteView ByteReader::take(std::size_t count) {
    if (count > remaining()) fail(fmt::format("expected {} more bytes, found {}", count, remaining()));
    const ByteView view = bytes_.subspan(position_, count);
    position_ += count;
    return view;
}

std::uint32_t ByteReader::count(std::size_t record_bytes_min) {
    const std::uint32_t n = u32le();
    if (record_bytes_min != 0 && n > remaining() / record_bytes_min)
        fail(fmt::format("a count of {} records does not fit the {} bytes that follow", n, remaining()));
    return n;
}

void ByteReader::fail(const std::string& message) const {
    throw Error(ErrorCode::corrupt, fmt::format("{} at byte {}: {}", object_, position_, message));
}

void ByteReader::expect_end() const {
    if (remaining() != 0) fail(fmt::format("expected the end, found {} more bytes", remaining()));
}

}  // namespace varve
