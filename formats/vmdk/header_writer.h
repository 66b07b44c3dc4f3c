#pragma once
/// The first sector of a VMDK file with grains, and the measures that all new ones have.
///
/// Source: VMware Virtual Disk Format 5.0, "Hosted Sparse Extent Header".

#include "engine/base/bytes.h"
#include "engine/base/units.h"

namespace varve::vmdk {

inline constexpr std::uint64_t new_sector_bytes = 512;
/// The unit of allocation, and of compression, in new images.
inline constexpr ByteCount new_grain = kib(64);
inline constexpr std::uint64_t new_table_entries = 512;
inline constexpr ByteCount new_table_length{new_table_entries * 4};
/// Guest bytes that one grain table maps.
inline constexpr ByteCount new_table_reach{new_table_entries * new_grain.value};
/// Where the descriptor lies, and the space that is kept for it.
inline constexpr ByteRange new_descriptor_place{{new_sector_bytes}, {20 * new_sector_bytes}};

/// Bits of the header's flags.
inline constexpr std::uint32_t newlines_flag = 1;   ///< the bytes that tell damaged line ends are there
inline constexpr std::uint32_t redundant_flag = 2;  ///< there is a redundant grain directory
inline constexpr std::uint32_t zeroed_flag = 4;     ///< a grain table entry of 1 is zeros
inline constexpr std::uint32_t compressed_flag = 1 << 16;
inline constexpr std::uint32_t markers_flag = 1 << 17;

/// What differs from image to image. Offsets are of sectors' begins.
struct NewHeader {
    std::uint32_t version = 1;
    std::uint32_t flags = newlines_flag;
    ByteCount virtual_size;
    ByteOffset redundant_directory;  ///< 0: none
    ByteOffset directory;
    ByteOffset data;                              ///< the end of all that describes the disk
    ByteRange descriptor = new_descriptor_place;  ///< empty: there is none
    /// Instead of `directory`: look at the end of the file.
    bool directory_is_at_end = false;
};

/// One sector.
Bytes encode_header(const NewHeader& fields);

/// Throws Error(unsupported) for a disk that a VMDK image of grains can't hold: one that is empty or not made of whole
/// sectors, or larger than 64 TiB.
void check_new_size(ByteCount virtual_size);

/// The sector that begins at `at`, as tables hold it. Throws Error(unsupported) when it is beyond the 2 TiB that their
/// entries reach.
std::uint32_t table_entry(ByteOffset at);

}  // namespace varve::vmdk
