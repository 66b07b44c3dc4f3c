#pragma once
/// The metadata of a VHDX file: a table of items, each found by its GUID. Every item is checked against its limits.
/// Source: MS-VHDX 2.6.

#include <map>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/units.h"
#include "formats/base/byte_source.h"
#include "formats/base/uuid.h"

namespace varve::vhdx {

struct Metadata {
    ByteCount block_size;  ///< a power of two from 1 to 256 MiB
    bool is_fixed = false;
    bool has_parent = false;
    ByteCount virtual_size;   ///< whole sectors, at most 64 TiB
    ByteCount sector_size;    ///< logical: 512 or 4096
    ByteCount physical_size;  ///< of a sector; 512 or 4096
    Uuid disk;                ///< identifies the disk to a guest (page 83 of SCSI's inquiry); null: not recorded
    /// Of a differencing image: "relative_path", "parent_linkage" and others. Untrusted text.
    std::map<std::string, std::string> parent = {};

    /// Payload blocks that share one block of sector bits.
    std::uint64_t chunk_ratio() const { return (std::uint64_t{1} << 23) * sector_size.value / block_size.value; }
    std::uint64_t blocks() const { return divide_up(virtual_size.value, block_size.value); }
    /// Of the block allocation table.
    std::uint64_t table_entries() const;
};

inline constexpr ByteCount virtual_size_max{std::uint64_t{64} << 40};

/// The metadata in `region` of `file`. Throws Error(corrupt), Error(unsupported) for an unknown item that is required.
/// Memory: a table of 64 KiB and a parent locator of at most 1 MiB.
Metadata read_metadata(const ByteSource& file, ByteRange region);

/// The region of an image without a parent, up to its last item.
Bytes encode_metadata(const Metadata& metadata);

}  // namespace varve::vhdx
