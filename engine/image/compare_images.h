#pragma once
/// Compares the guest bytes of two images, whatever their formats. Ranges that have no bytes on both sides are passed
/// over by their extents; where one side has none, only the other is read, for zeros. An image reads as zeros past its
/// end, so that the excess of a larger one is compared with zeros.
///
/// Memory is bounded: two pieces of 4 MiB a worker, and the listed ranges.

#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "engine/base/progress.h"
#include "engine/image/image_reader.h"

namespace varve {

/// Blocks of 4 KiB, aligned, are the same or differ as a whole; neighbours that differ are one range.
inline constexpr std::size_t compare_block_bytes = 4096;
inline constexpr std::size_t compare_ranges_listed_max = 10'000;

enum class CompareDetail {
    everything,
    first_difference,  ///< ends there: only `first_difference` and whether they are the same can be used
};

struct CompareReport {
    ByteCount size_a;
    ByteCount size_b;
    std::optional<ByteOffset> first_difference;  ///< the first byte that differs
    ByteCount bytes_differing;                   ///< in blocks, clipped to the larger image
    std::uint64_t ranges_differing = 0;
    std::vector<ByteRange> ranges;  ///< ascending; the first compare_ranges_listed_max
    bool has_data_in_excess = false;

    bool same_content() const { return !first_difference; }
    bool same() const { return same_content() && size_a == size_b; }
};

/// Throws what the readers throw, also when one of the images changed meanwhile, and Error(cancelled).
CompareReport compare_images(const ImageReader& a, const ImageReader& b, CompareDetail detail, Progress& progress,
                             const std::stop_token& stop);

}  // namespace varve
