#pragma once
/// Stream-optimized extents, which are written from beginning to end: their footer, which overrides the header, and
/// their markers, from which the map of grains can be rebuilt if no table is usable. Source: VMware Virtual Disk Format
/// 5.0, "Stream-Optimized Compressed Sparse Extents".
///
///     header | descriptor | grains, each after its marker; a table after those it lists ... | directory |
///     footer marker | footer (a header) | end-of-stream marker

#include <deque>
#include <optional>

#include "formats/vmdk/grain_map.h"
#include "formats/vmdk/sparse_header.h"

namespace varve::vmdk {

/// The footer of a stream, also before padding of up to 16 MiB; nothing if there is none. Throws what
/// read_sparse_header() throws.
std::optional<SparseHeader> find_footer(const ByteSourcePtr& device);

/// The map of the grains of a stream, rebuilt from its markers.
class StreamIndex final : public GrainMap {
public:
    /// Walks all markers from header.data_begin on, once and in ascending order, and skips the grains' streams. Keeps 8
    /// bytes per grain, at most 128 MiB; throws Error(unsupported) beyond that. Throws Error(corrupt) for an invalid
    /// marker, a grain that occurs twice or is outside the disk, and a stream without an end-of-stream marker.
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
