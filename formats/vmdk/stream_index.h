#pragma once
/// Stream-optimized extents, which are written from the begin to the end: the footer that then has the header's last
/// word, and the markers, from which the map of grains can be made where no table is left. Source: VMware Virtual Disk
/// Format 5.0, "Stream-Optimized Compressed Sparse Extents".
///
///     header | descriptor | grains, each behind its marker; a table behind those it lists ... | directory |
///     footer marker | footer (a header) | end-of-stream marker

#include <deque>
#include <optional>

#include "formats/vmdk/grain_map.h"
#include "formats/vmdk/sparse_header.h"

namespace varve::vmdk {

/// The footer of a stream, also in front of padding of up to 16 MiB; nothing when there is none. Errors as
/// read_sparse_header's.
std::optional<SparseHeader> find_footer(const ByteSourcePtr& device);

/// The map of the grains of a stream as its markers tell.
class StreamIndex final : public GrainMap {
public:
    /// Walks all markers from header.data_begin on, once and in ascending order, and skips the streams. Keeps 8 bytes a
    /// grain, 128 MiB at most, else Error(unsupported). Throws Error(corrupt) for a marker that makes no sense, a grain
    /// that comes twice or lies outside of the disk, and a stream that ends before its end-of-stream marker.
    StreamIndex(const ByteSourcePtr& device, const SparseHeader& header);

    GrainRun run_at(std::uint64_t grain, std::uint64_t grains_max, GrainRunBy by) const override;

private:
    struct Grain {
        std::uint32_t index = 0;
        std::uint32_t sector = 0;  ///< of its marker, in the file
    };

    void walk(const ByteSourcePtr& device, const SparseHeader& header);
    void add(const ByteSourcePtr& device, const SparseHeader& header, ByteOffset at, std::uint64_t disk_sector);
    void sort(const ByteSourcePtr& device);

    std::deque<Grain> grains_;  // by index
};

}  // namespace varve::vmdk
