#pragma once
/// Splits bytes into runs of zeros and of data, in units aligned to the guest position, so that a writer can leave out
/// zeros inside data at its own cluster size.
///
/// Invariants: the runs are consecutive, never empty, alternate in kind, and together cover the given bytes. A unit
/// that the bytes cover only in part (at either end) is judged by that part. Borrows the bytes; not shared between
/// threads.

#include <optional>

#include "engine/base/bytes.h"
#include "engine/base/units.h"

namespace varve {

struct ZeroSplitRun {
    ByteOffset begin;
    ByteView bytes;
    bool is_zero = false;

    ByteRange range() const { return {begin, {bytes.size()}}; }
};

class ZeroSplit {
public:
    /// `unit` is a power of two.
    ZeroSplit(ByteOffset at, ByteView bytes, ByteCount unit);

    /// The next run, or nothing after the last. Reads each byte at most twice.
    std::optional<ZeroSplitRun> next();

private:
    std::size_t unit_length_at(std::size_t index) const;
    bool unit_is_zero(std::size_t index) const;

    ByteOffset at_;
    ByteView bytes_;
    std::uint64_t unit_;
    std::size_t done_ = 0;
};

}  // namespace varve
