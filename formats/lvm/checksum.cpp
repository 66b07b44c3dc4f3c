#include "formats/lvm/checksum.h"

#include <zlib.h>

namespace varve::lvm {

std::uint32_t checksum(ByteView bytes, std::uint32_t initial) {
    if (bytes.empty()) return initial;  // zlib takes no bytes for "start afresh"
    const auto* data = reinterpret_cast<const Bytef*>(bytes.data());
    return ~static_cast<std::uint32_t>(crc32_z(~initial, data, bytes.size()));
}

}  // namespace varve::lvm
