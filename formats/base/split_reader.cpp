#include "formats/base/split_reader.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/image/window_reader.h"

namespace varve {

SplitReader::SplitReader(std::vector<DiskPart> parts, ImageInfo info, std::vector<ByteSourcePtr> extra)
    : parts_(std::move(parts)), info_(std::move(info)), extra_(std::move(extra)) {
    for (const DiskPart& part : parts_) {
        const auto& warnings = part.reader->info().warnings;
        info_.warnings.insert(info_.warnings.end(), warnings.begin(), warnings.end());
    }
}

const DiskPart& SplitReader::part_at(ByteOffset at) const {
    const auto after = std::upper_bound(parts_.begin(), parts_.end(), at,
                                        [](ByteOffset a, const DiskPart& part) { return a < part.range.begin; });
    return *std::prev(after);
}

Extent SplitReader::extent_at(ByteOffset at) const {
    VARVE_CHECK(at.value < info_.virtual_size.value);
    const DiskPart& part = part_at(at);
    const ByteCount rest = part.range.end() - at;
    const ByteOffset inside{(at - part.range.begin).value};
    if (inside.value >= part.reader->info().virtual_size.value) return {at, rest, ExtentKind::unallocated};
    const Extent extent = part.reader->extent_at(inside);
    return {at, std::min(extent.length, rest), extent.kind};
}

void SplitReader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
    while (!out.empty()) {
        const DiskPart& part = part_at(at);
        const ByteOffset inside{(at - part.range.begin).value};
        const std::uint64_t size = part.reader->info().virtual_size.value;
        const bool is_stored = inside.value < size;
        const std::uint64_t rest =
            std::min((part.range.end() - at).value, is_stored ? size - inside.value : part.range.length.value);
        const ByteSpan piece = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(rest, out.size())));
        if (is_stored)
            part.reader->read(inside, piece);
        else
            std::fill(piece.begin(), piece.end(), std::byte{0});
        at += ByteCount{piece.size()};
        out = out.subspan(piece.size());
    }
}

ByteCount SplitReader::bytes_read() const {
    ByteCount sum;
    for (const DiskPart& part : parts_) sum += part.reader->bytes_read();
    return sum;
}

void SplitReader::check_unchanged() const {
    for (const DiskPart& part : parts_) part.reader->check_unchanged();
    for (const ByteSourcePtr& source : extra_) source->check_unchanged();
}

std::vector<ByteRange> SplitReader::unreadable() const {
    std::vector<ByteRange> all;
    for (const DiskPart& part : parts_) {
        const ByteCount stored = std::min(part.reader->info().virtual_size, part.range.length);
        for (ByteRange range : unreadable_within(*part.reader, {{}, stored})) {
            range.begin = part.range.begin + (range.begin - ByteOffset{});
            all.push_back(range);
        }
    }
    return all;
}

std::vector<std::string> SplitReader::late_warnings() const {
    std::vector<std::string> all;
    for (const DiskPart& part : parts_)
        for (std::string& sentence : part.reader->late_warnings()) all.push_back(std::move(sentence));
    return all;
}

}  // namespace varve
