#pragma once
/// A disk on a medium that can't read some of its bytes, and counts attempts to read them.

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "tests/fakes/memory_image.h"

namespace varve::fakes {

class FailingImage final : public ImageReader {
public:
    FailingImage(const MemoryImage& disk, std::vector<ByteRange> bad, ErrorCode code = ErrorCode::io)
        : disk_(disk), bad_(std::move(bad)), code_(code) {}

    const ImageInfo& info() const override { return disk_.info(); }

    Extent extent_at(ByteOffset at) const override {
        if (map_fails.load()) throw Error(ErrorCode::io, "the map cannot be read");
        for (const ByteRange& range : bad_)
            if (map_fails_in_bad.load() && range.begin <= at && at < range.end())
                throw Error(code_, fmt::format("the map has no place for offset {}", at.value));
        return disk_.extent_at(at);
    }

    void read(ByteOffset at, ByteSpan out) const override {
        const ByteOffset end = at + ByteCount{out.size()};
        for (const ByteRange& range : bad_) {
            if (range.begin >= end || at >= range.end()) continue;
            failures.fetch_add(1);
            std::fill(out.begin(), out.end(), std::byte{0xee});  // what a failed read leaves behind
            throw Error(code_, fmt::format("cannot read at offset {}", std::max(range.begin, at).value));
        }
        disk_.read(at, out);
    }

    ByteCount bytes_read() const override { return disk_.bytes_read(); }
    void check_unchanged() const override {}
    std::vector<ByteRange> unreadable() const override { return {}; }
    std::vector<std::string> late_warnings() const override { return found; }

    std::atomic<bool> map_fails{false};
    std::atomic<bool> map_fails_in_bad{false};  ///< with the same error as read()
    mutable std::atomic<int> failures{0};
    std::vector<std::string> found;  ///< late_warnings()

private:
    const MemoryImage& disk_;
    std::vector<ByteRange> bad_;
    ErrorCode code_;
};

}  // namespace varve::fakes
