#pragma once
/// A ByteSource in memory that a test can shorten, extend and damage while it is open, and that records what is read.
/// One thread at a time while it is changed or records.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/base/byte_source.h"

namespace varve::fakes {

class MemorySource final : public ByteSource {
public:
    explicit MemorySource(Bytes contents, std::string name = "memory")
        : bytes(std::move(contents)), name_(std::move(name)) {}

    const std::string& name() const override { return name_; }
    std::string place(ByteOffset at) const override { return place_in(name_, at); }
    ByteCount size() const override { return {bytes.size()}; }

    void read_at(ByteOffset at, ByteSpan out) const override {
        const ByteRange range{at, {out.size()}};
        if (records) reads.push_back(range);
        if (at.value > bytes.size() || out.size() > bytes.size() - at.value)
            throw Error(ErrorCode::corrupt, "'" + name_ + "' is too short");
        for (const ByteRange& bad : unreadable)
            if (bad.begin < range.end() && at < bad.end()) throw Error(ErrorCode::io, "cannot read '" + name_ + "'");
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at.value), out.size(), out.begin());
    }

    Extent extent_at(ByteOffset at) const override {
        VARVE_CHECK(at.value < bytes.size());
        if (map_fails) throw Error(ErrorCode::corrupt, "the map of '" + name_ + "' is damaged");
        ByteOffset end{bytes.size()};
        for (const ByteRange& hole : holes) {
            if (at >= hole.begin && at < hole.end()) return {at, hole.end() - at, ExtentKind::unallocated};
            if (at < hole.begin) end = std::min(end, hole.begin);
        }
        return {at, end - at, ExtentKind::data};
    }

    void check_unchanged() const override {
        if (has_changed) throw Error(ErrorCode::refused, "'" + name_ + "' changed");
    }
    std::vector<std::string> late_warnings() const override { return {}; }
    SourceIdentity identity() const override { return known_identity; }
    const File* file() const override { return backing; }

    Bytes bytes;
    std::vector<ByteRange> holes = {};       ///< zeros in `bytes`, which extent_at() reports as unallocated
    std::vector<ByteRange> unreadable = {};  ///< where read_at() fails with Error(io)
    bool map_fails = false;
    bool has_changed = false;
    SourceIdentity known_identity = {{}, {}, "memory"};
    const File* backing = nullptr;
    bool records = false;
    mutable std::vector<ByteRange> reads = {};  ///< while `records`

private:
    std::string name_;
};

}  // namespace varve::fakes
