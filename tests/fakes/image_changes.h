#pragma once
/// The change map between two disks in memory, found by comparing them block by block: what a correct change source
/// reports.

#include <algorithm>
#include <cstring>
#include <vector>

#include "engine/change/change_map.h"
#include "tests/fakes/memory_image.h"

namespace varve::fakes {

class ImageChanges final : public ChangeMap {
public:
    /// Compares the disks as they are now, once.
    ImageChanges(const MemoryImage& before, const MemoryImage& now) : end_{now.bytes().size()} {
        const std::vector<ExtentKind> kinds_before = kinds_of(before);
        const std::vector<ExtentKind> kinds_now = kinds_of(now);
        for (std::size_t block = 0; block < kinds_now.size(); ++block) {
            const bool differs = block >= kinds_before.size() || kinds_before[block] != kinds_now[block] ||
                                 bytes_differ(before.bytes(), now.bytes(), block * MemoryImage::block_bytes);
            if (runs_.empty() || runs_.back().may_differ != differs)
                runs_.push_back({ByteOffset{block * MemoryImage::block_bytes}, {}, differs});
        }
        for (std::size_t i = 0; i < runs_.size(); ++i)
            runs_[i].length = (i + 1 < runs_.size() ? runs_[i + 1].begin : end_) - runs_[i].begin;
    }

    ChangeRun change_at(ByteOffset at) const override {
        VARVE_CHECK(at < end_);
        const ChangeRun& run = *std::prev(std::ranges::upper_bound(runs_, at, {}, &ChangeRun::begin));
        return {at, run.end() - at, run.may_differ};
    }

private:
    static std::vector<ExtentKind> kinds_of(const MemoryImage& image) {
        std::vector<ExtentKind> kinds;
        for (ByteOffset at; at.value < image.bytes().size();) {
            const Extent extent = image.extent_at(at);
            at = extent.end();
            kinds.resize(static_cast<std::size_t>(divide_up(at.value, MemoryImage::block_bytes)), extent.kind);
        }
        return kinds;
    }

    /// About the block that begins at `begin`: if it ends earlier than before, only its remaining bytes count.
    static bool bytes_differ(const Bytes& before, const Bytes& now, std::size_t begin) {
        const std::size_t length = std::min(MemoryImage::block_bytes, now.size() - begin);
        if (before.size() - begin < length) return true;
        return std::memcmp(before.data() + begin, now.data() + begin, length) != 0;
    }

    ByteOffset end_;
    std::vector<ChangeRun> runs_;  ///< neighbours differ in kind
};

}  // namespace varve::fakes
