#pragma once
/// Writes an image with two levels of tables of 8-byte entries, as qcow version 1 and QED have it. Clusters of only
/// zeros, written or announced, become what the format has for them; clusters never mentioned have no entry.
///
/// Layout: header | L1 table | data and L2 tables in guest order. The header is written last: until then the file is
/// not an image. Memory: one L2 table, 64 KiB of L1, one cluster.

#include <bit>
#include <memory>
#include <optional>

#include "engine/image/image_writer.h"
#include "formats/output/output.h"

namespace varve {

struct TwoLevelLayout {
    ByteRange l1;  ///< after the header; whole clusters
    std::uint64_t l2_entries;
    ByteCount cluster_size;
    std::endian order;
    /// The L2 entry of a cluster of zeros; nothing: it is left out, or with `keeps_zeros` stored as a hole of the file.
    std::optional<std::uint64_t> zero_entry;
    bool keeps_zeros;  ///< a cluster of zeros hides what is below
};

/// `header` goes to the start of the file.
std::unique_ptr<ImageWriter> write_two_levels(std::unique_ptr<Output> output, ByteCount virtual_size,
                                              const TwoLevelLayout& layout, Bytes header);

}  // namespace varve
