#pragma once
/// The header of a hosted sparse extent ("KDMV"): a part of a disk, or all of it, as grains found by two levels of
/// tables. Source: VMware Virtual Disk Format 5.0, "Hosted Sparse Extent Header"; limits as qemu block/vmdk.c has them.

#include <cstdint>
#include <optional>

#include "formats/base/byte_source.h"
#include "formats/vmdk/descriptor.h"

namespace varve::vmdk {

struct SparseHeader {
    static constexpr std::size_t encoded_bytes = 512;

    std::uint32_t version = 1;
    ByteCount capacity;                   ///< of guest bytes; 0: only the descriptor describes the disk
    ByteCount grain_size;                 ///< a power of two, 4 KiB to 1 GiB
    std::uint32_t grains_per_table = 0;   ///< 1 to 512
    std::optional<ByteRange> descriptor;  ///< the embedded text; may lead past the end of the file
    std::optional<ByteOffset> directory;  ///< none: the footer at the end of the file has it
    std::optional<ByteOffset> redundant_directory;
    ByteOffset data_begin;  ///< behind the metadata in front ("overHead")
    bool has_zero_grains = false;
    bool is_compressed = false;
    bool has_markers = false;
    bool is_unclean = false;

    std::uint64_t grains() const { return divide_up(capacity.value, grain_size.value); }
    std::uint64_t tables() const { return divide_up(grains(), grains_per_table); }
};

/// Reads the header at `at`, which with its 512 bytes lies in the device. Throws Error(corrupt | unsupported) with the
/// field; what it points to is not looked at.
SparseHeader read_sparse_header(const ByteSourcePtr& device, ByteOffset at);

}  // namespace varve::vmdk
