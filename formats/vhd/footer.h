#pragma once
/// The footer of a VHD, Virtual PC's and Hyper-V's disk format: its last 512 bytes, of which dynamic and differencing
/// images have a copy at the start. Source: Microsoft's Virtual Hard Disk Image Format Specification; qemu block/vpc.c.
///
/// All big-endian:
///
///     0   "conectix"         8   features, version   16  offset of the dynamic header   24  seconds since 2000
///     28  creator[4]         32  its version         36  its system[4]                  40  original size
///     48  size of the disk   56  cylinders, heads, sectors                              60  type
///     64  checksum           68  UUID                84  saved state
///
/// The checksum is the complement of the sum of all bytes but its own.

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/units.h"
#include "formats/base/uuid.h"
#include "formats/vhd/geometry.h"

namespace varve::vhd {

inline constexpr std::string_view footer_cookie = "conectix";
inline constexpr std::size_t footer_bytes = 512;
/// Of releases of Virtual PC before 2004. The last byte of a footer is zero, so that nothing else is different.
inline constexpr std::size_t old_footer_bytes = 511;

// Places of fields, for messages.
inline constexpr std::size_t footer_version_at = 12;
inline constexpr std::size_t footer_data_offset_at = 16;
inline constexpr std::size_t footer_disk_size_at = 48;
inline constexpr std::size_t footer_type_at = 60;
inline constexpr std::size_t footer_checksum_at = 64;

enum class DiskType : std::uint32_t {
    fixed = 2,         ///< the disk's bytes, and the footer
    dynamic = 3,       ///< a block gets a place when it is first written
    differencing = 4,  ///< dynamic, over a parent
};

struct Footer {
    std::uint32_t version = 0x00010000;
    std::uint64_t data_offset = ~std::uint64_t{0};  ///< of the dynamic header; all ones in fixed images
    std::uint32_t timestamp = 0;
    std::array<char, 4> creator{};
    ByteCount disk_size;
    Geometry geometry;
    DiskType type = DiskType::fixed;
    std::uint32_t checksum = 0;  ///< as stored
    Uuid uuid;

    std::string_view creator_text() const { return {creator.data(), creator.size()}; }
};

/// The complement of the sum of `bytes`, without the four at `checksum_at`: the checksum of every structure of a VHD.
std::uint32_t checksum_of(ByteView bytes, std::size_t checksum_at);

/// `bytes` are a footer of either length. Checks nothing.
Footer parse_footer(ByteView bytes);

/// footer_bytes, with the checksum.
Bytes encode_footer(const Footer& footer);

}  // namespace varve::vhd
