#pragma once
/// Checks that the caller of an ImageWriter keeps the contract: ranges in guest order, no overlap, inside the virtual
/// size, one finish(). A violation is a bug and aborts the process.

#include "engine/base/check.h"
#include "engine/base/units.h"

namespace varve {

class WriteOrder {
public:
    explicit WriteOrder(ByteCount virtual_size) : end_(ByteOffset{} + virtual_size) {}

    void advance(ByteRange range) {
        VARVE_CHECK(!finished_);
        VARVE_CHECK(range.begin >= next_ && range.begin <= end_ && range.length <= end_ - range.begin);
        next_ = range.end();
    }

    void finish() {
        VARVE_CHECK(!finished_);
        finished_ = true;
    }

    /// The end of the disk.
    ByteOffset end() const { return end_; }

private:
    ByteOffset next_;
    ByteOffset end_;
    bool finished_ = false;
};

}  // namespace varve
