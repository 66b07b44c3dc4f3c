#pragma once
/// The header of a dynamic or differencing VHD, which the footer points to. Source: Microsoft's Virtual Hard Disk Image
/// Format Specification; qemu block/vpc.c.
///
/// All big-endian, 1,024 bytes:
///
///     0   "cxsparse"        8    unused, all ones      16  offset of the block table   24  version
///     28  table entries     32   block size            36  checksum                    40  parent's UUID
///     56  its time          64   its name, UTF-16[256] 576 8 locators of 24 bytes: code[4], space, length, 0, offset
///
/// Only one copy of it exists.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "formats/base/byte_source.h"
#include "formats/base/uuid.h"

namespace varve::vhd {

inline constexpr std::string_view header_cookie = "cxsparse";
inline constexpr std::size_t header_bytes = 1024;
inline constexpr std::size_t table_entry_bytes = 4;
inline constexpr std::uint32_t header_version = 0x00010000;

// Places of fields, for messages.
inline constexpr std::size_t header_table_at = 16;
inline constexpr std::size_t header_version_at = 24;
inline constexpr std::size_t header_entries_at = 28;
inline constexpr std::size_t header_block_size_at = 32;
inline constexpr std::size_t header_checksum_at = 36;
inline constexpr std::size_t header_parent_at = 40;

/// Where a name of the parent is. The recorded space is not kept: some products count it in sectors, some in bytes.
struct ParentLocator {
    std::array<char, 4> code{};  ///< the kind of name: "W2ru"
    ByteCount length;
    ByteOffset place;
};

struct DynamicHeader {
    ByteOffset table;
    std::uint32_t version = header_version;
    std::uint32_t entries = 0;
    ByteCount block_size;
    std::uint32_t checksum = 0;  ///< as stored
    Uuid parent;
    Bytes parent_name;  ///< UTF-16, big-endian
    std::vector<ParentLocator> locators;

    /// The length of the bitmap of sectors before each block: whole sectors.
    ByteCount bitmap_bytes() const { return {divide_up(divide_up(block_size.value / 512, 8), 512) * 512}; }
};

/// `bytes` are header_bytes. Checks nothing.
DynamicHeader parse_dynamic_header(ByteView bytes);

/// The header of a dynamic image, which has no parent, with the checksum.
Bytes encode_dynamic_header(const DynamicHeader& header);

}  // namespace varve::vhd
