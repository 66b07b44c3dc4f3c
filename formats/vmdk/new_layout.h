#pragma once
/// The dimensions of every new VMDK file with grains, and the limits that follow from them. Source: VMware Virtual Disk
/// Format 5.0, "Hosted Sparse Extent Header", "Grain Directory and Grain Tables".

#include "engine/base/bytes.h"
#include "formats/vmdk/sparse_header.h"

namespace varve::vmdk {

/// The unit of allocation, and of compression, in new images.
inline constexpr ByteCount new_grain = kib(64);
inline constexpr std::uint64_t new_table_entries = 512;
inline constexpr ByteCount new_table_length{new_table_entries * 4};
/// Guest bytes that one grain table maps.
inline constexpr ByteCount new_table_reach{new_table_entries * new_grain.value};
/// Where the descriptor is, and the space reserved for it.
inline constexpr ByteRange new_descriptor_place{{sector_bytes}, {20 * sector_bytes}};

/// The header of a new file for `capacity` bytes of a disk: without descriptor and directories so far.
SparseHeader new_sparse_header(ByteCount capacity);

/// Throws Error(unsupported) for a disk that a VMDK image of grains can't hold: one that is empty, not a whole number
/// of sectors, or larger than 64 TiB.
void check_new_size(ByteCount virtual_size);

/// The sector at `at`, as tables store it. Throws Error(unsupported) beyond the 2 TiB that table entries reach.
std::uint32_t table_entry(ByteOffset at);

}  // namespace varve::vmdk
