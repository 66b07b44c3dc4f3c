#pragma once
/// The change map between two disks in memory, by comparing them block by block: what a right change source says.

#include <algorithm>

#include "engine/change_map.h"
#include "tests/fakes/memory_image.h"

namespace varve::fakes {

class ImageChanges final : public ChangeMap {
public:
    /// Copies the earlier disk, borrows the present one.
    ImageChanges(const MemoryImage& before, const MemoryImage& now) : before_(before), now_(now) {}

    ChangeRun change_at(ByteOffset at) const override {
        const std::uint64_t size = now_.bytes().size();
        VARVE_CHECK(at.value < size);
        const bool differs = block_differs(at.value / MemoryImage::block_bytes);
        std::uint64_t block = at.value / MemoryImage::block_bytes + 1;
        while (block * MemoryImage::block_bytes < size && block_differs(block) == differs) ++block;
        return {at, ByteOffset{std::min(block * MemoryImage::block_bytes, size)} - at, differs};
    }

private:
    bool block_differs(std::uint64_t block) const {
        const std::uint64_t begin = block * MemoryImage::block_bytes;
        const auto end_in = [&](const MemoryImage& image) {
            return std::min<std::uint64_t>(begin + MemoryImage::block_bytes, image.bytes().size());
        };
        if (begin >= before_.bytes().size() || end_in(before_) < end_in(now_)) return true;
        const std::size_t length = static_cast<std::size_t>(end_in(now_) - begin);
        return before_.extent_at({begin}).kind != now_.extent_at({begin}).kind ||
               !std::equal(before_.bytes().begin() + static_cast<std::ptrdiff_t>(begin),
                           before_.bytes().begin() + static_cast<std::ptrdiff_t>(begin + length),
                           now_.bytes().begin() + static_cast<std::ptrdiff_t>(begin));
    }

    MemoryImage before_;
    const MemoryImage& now_;
};

}  // namespace varve::fakes
