#pragma once
/// The header of a hosted sparse extent ("KDMV"): a part of a disk, or all of it, stored as grains that two levels of
/// tables locate. A stream-optimized extent repeats it at its end as the footer. Source: VMware Virtual Disk
/// Format 5.0, "Hosted Sparse Extent Header"; limits as in qemu block/vmdk.c.
///
///     0  magic, version, flags 4 each    12 capacity 8      20 grain size 8       28 descriptor offset, size 8 each
///     44 entries per grain table 4       48 redundant grain directory 8           56 grain directory 8
///     64 overhead 8    72 unclean 1      73 newline check 4                       77 compression algorithm 2
///
/// All little-endian; offsets, sizes and the capacity in sectors.

#include <cstdint>
#include <optional>

#include "formats/base/byte_source.h"
#include "formats/vmdk/descriptor.h"
#include "formats/vmdk/magic.h"

namespace varve::vmdk {

struct SparseHeader {
    static constexpr std::size_t encoded_bytes = hosted_header_bytes;

    std::uint32_t version = 1;
    ByteCount capacity;                   ///< of guest bytes; 0: only the descriptor describes the disk
    ByteCount grain_size;                 ///< a power of two, 4 KiB to 1 GiB
    std::uint32_t grains_per_table = 0;   ///< 1 to 512
    std::optional<ByteRange> descriptor;  ///< the embedded text; may extend past the end of the file
    std::optional<ByteOffset> directory;  ///< none: it is in the footer at the end of the file
    std::optional<ByteOffset> redundant_directory;
    ByteOffset data_begin;  ///< the end of the metadata in front ("overHead")
    bool has_zero_grains = false;
    bool is_compressed = false;
    bool has_markers = false;
    bool is_unclean = false;

    std::uint64_t grains() const { return divide_up(capacity.value, grain_size.value); }
    std::uint64_t tables() const { return divide_up(grains(), grains_per_table); }
};

/// Reads the header at `at`; its 512 bytes are inside the device. Throws Error(corrupt | unsupported) that names the
/// field. What the header points to is not checked.
SparseHeader read_sparse_header(const ByteSourcePtr& device, ByteOffset at);

/// One sector. All offsets and sizes are whole sectors.
Bytes encode_sparse_header(const SparseHeader& header);

}  // namespace varve::vmdk
