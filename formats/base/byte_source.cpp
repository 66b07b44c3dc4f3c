#include "formats/base/byte_source.h"

#include <algorithm>

#include <fmt/format.h>

namespace varve {

std::size_t read_some(const ByteSource& source, ByteOffset at, ByteSpan out) {
    const std::uint64_t size = source.size().value;
    const std::uint64_t rest = at.value < size ? size - at.value : 0;
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(rest, out.size()));
    if (length != 0) source.read_at(at, out.first(length));
    return length;
}

std::string place_in(const std::string& name, ByteOffset at) {
    return at.value == 0 ? fmt::format("'{}'", name) : fmt::format("'{}' at byte {}", name, at.value);
}

}  // namespace varve
