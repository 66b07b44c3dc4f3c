#include "formats/vmdk/magic.h"

#include <array>

#include "engine/base/bytes.h"
#include "formats/vmdk/error.h"

namespace varve::vmdk {

Magic magic_of(const ByteSourcePtr& device) {
    std::array<std::byte, 8> start{};
    if (device->size().value < start.size()) return Magic::none;
    device->read_at({}, start);
    if (load_le<std::uint64_t>(start) == sesparse_magic) return Magic::sesparse;
    const auto magic = load_le<std::uint32_t>(start);
    if (magic == cowd_magic) return Magic::cowd;
    if (magic != hosted_magic) return Magic::none;
    if (device->size().value < hosted_header_bytes)
        throw corrupt(device->place({}), "expected a sparse extent header of 512 bytes, found the end of the file");
    return Magic::hosted;
}

}  // namespace varve::vmdk
