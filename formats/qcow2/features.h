#pragma once
/// The feature bits of a qcow2 header, and their names. Source: qemu docs/interop/qcow2.txt, "incompatible_features"
/// and the two fields after it.

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "formats/base/byte_source.h"

namespace varve::qcow2 {

inline constexpr std::uint64_t incompatible_dirty = 1u << 0;
inline constexpr std::uint64_t incompatible_corrupt = 1u << 1;
inline constexpr std::uint64_t incompatible_data_file = 1u << 2;
inline constexpr std::uint64_t incompatible_compression = 1u << 3;
inline constexpr std::uint64_t incompatible_extended_l2 = 1u << 4;
inline constexpr std::uint64_t compatible_lazy_refcounts = 1u << 0;
inline constexpr std::uint64_t autoclear_bitmaps = 1u << 0;
inline constexpr std::uint64_t autoclear_data_file_raw = 1u << 1;

/// The three feature fields.
struct Features {
    std::uint64_t incompatible = 0;  ///< a reader must know every bit that is set
    std::uint64_t compatible = 0;    ///< may be ignored
    std::uint64_t autoclear = 0;     ///< a writer clears the bits that it does not know
};

/// A feature bit, as the feature name table addresses it.
struct FeatureBit {
    enum class Kind : std::uint8_t { incompatible = 0, compatible = 1, autoclear = 2 };
    Kind kind = Kind::incompatible;
    std::uint8_t bit = 0;
    friend auto operator<=>(const FeatureBit&, const FeatureBit&) = default;
};

/// The image's own names for feature bits: untrusted text.
using FeatureNames = std::map<FeatureBit, std::string>;

/// Throws Error(unsupported) that names the first incompatible bit that this version does not know, by the image's own
/// name if it has one.
void refuse_unknown_features(const ByteSource& file, const Features& features, const FeatureNames& names);

/// The names of all set bits, e.g. "dirty", "lazy_refcounts", "compatible bit 7".
std::vector<std::string> feature_names(const Features& features);

/// Full sentences about bits that cast doubt on the image but do not prevent reading it.
std::vector<std::string> feature_warnings(const ByteSource& file, const Features& features);

}  // namespace varve::qcow2
