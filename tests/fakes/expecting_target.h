#pragma once
/// A target that knows what must be restored: compares instead of keeping, so that it costs no memory of its own.

#include <cstring>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/image/image_writer.h"

namespace varve::fakes {

class ExpectingTarget final : public ImageWriter {
public:
    /// Borrows `expected`, the whole disk.
    explicit ExpectingTarget(ByteView expected) : expected_(expected) {}

    void write(ByteOffset at, ByteView bytes) override {
        const ByteView there = reach(at, bytes.size());
        is_right_ &= std::memcmp(there.data(), bytes.data(), bytes.size()) == 0;
    }
    void zero(ByteRange range) override {
        is_right_ &= is_zero(reach(range.begin, static_cast<std::size_t>(range.length.value)));
    }
    void finish() override {
        reach({expected_.size()}, 0);
        is_finished_ = true;
    }
    ByteCount bytes_written() const override { return {}; }

    /// Whether it was finished and each byte is the expected one; what was not written is zero.
    bool is_right() const { return is_finished_ && is_right_; }

private:
    /// The expected bytes at `at`. Those between the last call and this one must be zero.
    ByteView reach(ByteOffset at, std::size_t length) {
        VARVE_CHECK(at.value >= next_ && at.value + length <= expected_.size());
        is_right_ &= is_zero(expected_.subspan(next_, at.value - next_));
        next_ = at.value + length;
        return expected_.subspan(at.value, length);
    }

    ByteView expected_;
    std::size_t next_ = 0;
    bool is_right_ = true;
    bool is_finished_ = false;
};

}  // namespace varve::fakes
