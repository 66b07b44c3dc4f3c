#pragma once
/// The header of a QED image, QEMU's format between qcow2 versions 2 and 3. Every field is checked against its limits
/// and against the file. Source: qemu docs/interop/qed_spec.txt. All fields are little-endian:
///
///     0  "QED\0"       4  cluster size          8  clusters of a table    12 clusters of the header
///     16 features      24 compatible ones      32 autoclear ones        40 place of the L1 table
///     48 size          56 place of the backing file's name in the header, and its length

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "formats/base/byte_source.h"

namespace varve::qed {

inline constexpr std::size_t header_bytes = 64;
inline constexpr std::size_t backing_name_bytes_max = 1023;
inline constexpr std::uint64_t sector_bytes = 512;

struct Header {
    ByteCount cluster_size = kib(64);  ///< a power of two from 4 KiB to 64 MiB
    std::uint32_t table_clusters = 4;  ///< a power of two from 1 to 16; of L1 and of each L2 table
    std::uint32_t header_clusters = 1;
    bool needs_check = false;  ///< not closed cleanly: entries may lead to places that do not exist
    bool has_raw_backing = false;
    ByteOffset l1;
    ByteCount virtual_size;  ///< whole sectors
    std::optional<std::string> backing_name;
    std::vector<std::string> ignored_bits = {};  ///< features that need not be known: "compatible feature bit 3"

    ByteCount table_bytes() const { return {table_clusters * cluster_size.value}; }
    std::uint64_t table_entries() const { return table_bytes().value / 8; }
    /// The largest disk that the tables can map; at most 2^64 - 512.
    ByteCount virtual_size_max() const;
};

/// Throws Error(corrupt) for a field outside its limits, Error(unsupported) that names an unknown feature bit. Two
/// small reads.
Header read_header(const ByteSource& file);

/// The header and, right after it, the backing file's name. Throws Error(usage) for a name that does not fit.
Bytes encode_header(const Header& header);

}  // namespace varve::qed
