#pragma once
/// For the fuzz target of LVM labels: a disk in memory, and the checksums of its structures corrected.

#include <algorithm>
#include <cstdlib>

#include "engine/base/check.h"
#include "engine/base/crc.h"
#include "tests/fakes/steady_image.h"

namespace varve::fuzz {

class MemoryDisk final : public fakes::SteadyImage {
public:
    explicit MemoryDisk(Bytes bytes) : bytes_(std::move(bytes)) { info_.virtual_size = ByteCount{bytes_.size()}; }

    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override {
        return {at, ByteCount{bytes_.size() - at.value}, ExtentKind::data};
    }
    void read(ByteOffset at, ByteSpan out) const override {
        VARVE_CHECK(at.value <= bytes_.size() && out.size() <= bytes_.size() - at.value);
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at.value), out.size(), out.begin());
    }
    ByteCount bytes_read() const override { return {}; }

private:
    Bytes bytes_;
    ImageInfo info_;
};

/// Seals the text that the header's slot points to, if both are inside `area`; otherwise the slot stays as it is.
inline void set_text_checksum(ByteSpan area) {
    constexpr std::size_t header_bytes = 512;
    const auto offset = load_le<std::uint64_t>(area.subspan(40));
    const auto size = load_le<std::uint64_t>(area.subspan(48));
    if (offset < header_bytes || offset >= area.size() || size > area.size() - header_bytes) return;
    const auto begin = static_cast<std::size_t>(offset);
    const auto split = static_cast<std::size_t>(std::min(size, area.size() - offset));
    const std::uint32_t first = lvm_crc32(area.subspan(begin, split));
    const ByteView wrapped = area.subspan(header_bytes, static_cast<std::size_t>(size) - split);
    store_le<std::uint32_t>(area.subspan(56), lvm_crc32(wrapped, first));
}

/// At every sector that has the magic of a label or of a metadata area; texts first, as headers hold their checksums.
inline void set_lvm_checksums(ByteSpan disk) {
    constexpr std::size_t sector_bytes = 512;
    for (std::size_t at = 0; at + sector_bytes <= disk.size(); at += sector_bytes) {
        const ByteSpan sector = disk.subspan(at, sector_bytes);
        if (text_of(sector.first(8)) == "LABELONE")
            store_le<std::uint32_t>(sector.subspan(16), lvm_crc32(sector.subspan(20)));
        if (text_of(sector.subspan(4, 16)) != " LVM2 x[5A%r0N*>") continue;
        const auto area = load_le<std::uint64_t>(sector.subspan(32));
        if (area > sector_bytes && area <= disk.size() - at)
            set_text_checksum(disk.subspan(at, static_cast<std::size_t>(area)));
        store_le<std::uint32_t>(sector, lvm_crc32(sector.subspan(4)));
    }
}

}  // namespace varve::fuzz
