#pragma once
/// The feature bits of a qcow2 header: their names, and which of them keep this version from reading an image.
/// Source: qemu docs/interop/qcow2.txt, "incompatible_features" and the two fields after it.

#include <string>
#include <vector>

#include "engine/base/file.h"

namespace varve::qcow2 {

struct Header;

inline constexpr std::uint64_t incompatible_dirty = 1u << 0;
inline constexpr std::uint64_t incompatible_corrupt = 1u << 1;
inline constexpr std::uint64_t incompatible_data_file = 1u << 2;
inline constexpr std::uint64_t incompatible_compression = 1u << 3;
inline constexpr std::uint64_t incompatible_extended_l2 = 1u << 4;
inline constexpr std::uint64_t compatible_lazy_refcounts = 1u << 0;
inline constexpr std::uint64_t autoclear_bitmaps = 1u << 0;
inline constexpr std::uint64_t autoclear_data_file_raw = 1u << 1;

/// Throws Error(unsupported) that names the first feature that this version does not read: encryption and every unknown
/// incompatible bit (by the image's own name for it, where it has one).
void refuse_unreadable_features(const File& file, const Header& header);

/// The names of all set bits, e.g. "dirty", "lazy_refcounts", "compatible bit 7".
std::vector<std::string> feature_names(const Header& header);

/// Full sentences about bits that cast a doubt on the image but do not keep it from being read.
std::vector<std::string> feature_warnings(const File& file, const Header& header);

}  // namespace varve::qcow2
