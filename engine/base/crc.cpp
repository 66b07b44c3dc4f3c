#include "engine/base/crc.h"

#include <zlib.h>
#include <boost/crc.hpp>

namespace varve {
namespace {

/// zlib inverts `crc` before and after: it continues the checksum of the bytes before.
std::uint32_t zlib_crc(std::uint32_t crc, ByteView bytes) {
    if (bytes.empty()) return crc;  // null would make zlib return the checksum of nothing
    return static_cast<std::uint32_t>(crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace

std::uint32_t crc32(ByteView bytes) { return zlib_crc(0, bytes); }

std::uint32_t lvm_crc32(ByteView bytes, std::uint32_t before) { return ~zlib_crc(~before, bytes); }

std::uint32_t crc32c(ByteView bytes) {
    boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
    crc.process_bytes(bytes.data(), bytes.size());
    return static_cast<std::uint32_t>(crc.checksum());
}

}  // namespace varve
