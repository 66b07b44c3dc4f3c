#include "formats/base/reader_source.h"

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {

void ReaderSource::read_at(ByteOffset at, ByteSpan out) const {
    const std::uint64_t size = reader_->info().virtual_size.value;
    if (at.value > size || out.size() > size - at.value)
        throw Error(ErrorCode::corrupt, fmt::format("'{}' ends at byte {}: expected {} bytes at offset {}", name_, size,
                                                    out.size(), at.value));
    reader_->read(at, out);
}

}  // namespace varve
