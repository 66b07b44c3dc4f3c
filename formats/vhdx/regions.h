#pragma once
/// Where a VHDX file has its block allocation table and its metadata. The table of regions exists twice. Source:
/// MS-VHDX 2.2.3.

#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "formats/base/byte_source.h"

namespace varve::vhdx {

inline constexpr std::size_t region_table_bytes = 64 << 10;
inline constexpr ByteOffset first_region_table{192 << 10};
inline constexpr ByteOffset second_region_table{256 << 10};

struct Regions {
    ByteRange block_table;
    ByteRange metadata;
};

/// Adds to `warnings` if one of the two tables is damaged. Throws Error(corrupt) for two damaged ones, a missing region
/// and one that is not whole MiB inside the file; Error(unsupported) for an unknown region that is required.
Regions read_regions(const ByteSource& file, std::vector<std::string>& warnings);

/// A table with its checksum.
Bytes encode_regions(const Regions& regions);

}  // namespace varve::vhdx
