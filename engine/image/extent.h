#pragma once
/// A run of guest bytes of one kind. The three kinds are kept distinct throughout, so that a restored image is as thin
/// as its source: zero and unallocated both read as zeros, but an explicit zero hides a backing file.

#include <cstdint>
#include <string_view>

#include "engine/base/units.h"

namespace varve {

enum class ExtentKind : std::uint8_t {
    unallocated,  ///< never written (in no layer of the chain)
    zero,         ///< explicitly zero
    data,         ///< has bytes of its own; they may be zeros
};

/// "unallocated", "zero" or "data".
std::string_view to_string(ExtentKind kind);

struct Extent {
    ByteOffset begin;
    ByteCount length;
    ExtentKind kind = ExtentKind::unallocated;

    ByteOffset end() const { return begin + length; }
    friend bool operator==(const Extent&, const Extent&) = default;
};

}  // namespace varve
