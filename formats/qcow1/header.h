#pragma once
/// The header of a qcow image of version 1, the format before qcow2. Every field is checked against its limits and
/// against the file. Source: qemu block/qcow.c. All fields are big-endian:
///
///     0  "QFI\xfb"          4  version, 1          8  place of the backing file's name    16 its length
///     20 time               24 size of the disk    32 cluster bits, L2 bits              36 encryption: 0 or 1 (AES)
///     40 place of the L1 table, whose length follows from the size

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/bytes.h"
#include "formats/base/byte_source.h"

namespace varve::qcow1 {

inline constexpr std::size_t header_bytes = 48;
inline constexpr std::uint64_t sector_bytes = 512;
inline constexpr std::size_t backing_name_bytes_max = 1023;

struct Header {
    ByteCount virtual_size;
    unsigned cluster_bits = 12;  ///< 9 to 16
    unsigned l2_bits = 9;        ///< 6 to 13: an L2 table has 2^l2_bits entries
    bool is_encrypted = false;   ///< by AES
    ByteOffset l1;
    std::optional<std::string> backing_name;

    ByteCount cluster_size() const { return {std::uint64_t{1} << cluster_bits}; }
    std::uint64_t l2_entries() const { return std::uint64_t{1} << l2_bits; }
    /// Of the L1 table.
    std::uint64_t l1_entries() const { return divide_up(virtual_size.value, cluster_size().value << l2_bits); }
    ByteRange l1_range() const { return {l1, ByteCount{l1_entries() * 8}}; }
};

/// Throws Error(corrupt) for a field outside its limits, Error(unsupported) for another version or encryption. Two
/// small reads.
Header read_header(const ByteSource& file);

/// The header and, right after it, the backing file's name. Throws Error(usage) for a name that is too long.
Bytes encode_header(const Header& header);

}  // namespace varve::qcow1
