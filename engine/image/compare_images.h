#pragma once
/// Compares the guest bytes of two images, whatever their formats. Ranges without data on both sides are skipped
/// by their extents; where only one side has data, it is compared with zeros. An image reads as zeros past its
/// end, so the excess of a larger one is compared with zeros.
///
/// Memory is bounded: two pieces of 4 MiB per worker, and the listed ranges.

#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "engine/base/progress.h"
#include "engine/image/image_reader.h"

namespace varve {

/// Aligned blocks of 4 KiB are equal or differ as a whole; adjacent blocks that differ form one range.
inline constexpr std::size_t compare_block_bytes = 4096;
inline constexpr std::size_t compare_ranges_listed_max = 10'000;

enum class CompareDetail {
    everything,
    first_difference,  ///< stops there: only `first_difference` and whether they are equal is meaningful
};

struct CompareReport {
    ByteCount size_a;
    ByteCount size_b;
    std::optional<ByteOffset> first_difference;  ///< the first byte that differs
    ByteCount bytes_differing;                   ///< in whole blocks, clipped to the larger image
    std::uint64_t ranges_differing = 0;
    std::vector<ByteRange> ranges;  ///< ascending; the first compare_ranges_listed_max
    bool has_data_in_excess = false;

    bool same_content() const { return !first_difference; }
    bool same() const { return same_content() && size_a == size_b; }
};

/// Throws what the readers throw, also when one of the images changed in the meantime, and Error(cancelled).
CompareReport compare_images(const ImageReader& a, const ImageReader& b, CompareDetail detail, Progress& progress,
                             const std::stop_token& stop);

}  // namespace varve
