#include "formats/vmdk/reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/vmdk/cowd.h"
#include "formats/vmdk/descriptor_source.h"
#include "formats/vmdk/error.h"
#include "formats/vmdk/magic.h"
#include "formats/vmdk/sparse_extent.h"

namespace varve::vmdk {
namespace {

Error needs_descriptor(const ByteSourcePtr& file, std::string_view what) {
    return Error(ErrorCode::refused, fmt::format("{}: it is {}; name the descriptor instead, the .vmdk file of a few "
                                                 "lines of text that names this one",
                                                 file->place({}), what));
}

}  // namespace

Reader::Reader(ByteSourcePtr image, const Options& options, std::shared_ptr<ReadCaches> caches)
    : image_(std::move(image)), caches_(std::move(caches)), where_(image_->place({})) {
    info_.warnings = options.warnings;
    ExtentOpener opener(where_, options.open_extent, caches_, info_.warnings);
    switch (magic_of(image_)) {
        case Magic::hosted:
            open_hosted(opener);
            break;
        case Magic::cowd:
            open_cowd();
            opener.facts.grain_size = parts_.empty() ? ByteCount{} : parts_.front().reader->info().cluster_size;
            break;
        case Magic::sesparse:
            throw needs_descriptor(image_, "the data of a snapshot");
        case Magic::none:
            descriptor_ = parse_descriptor(read_descriptor_file(image_), where_);
            parts_ = opener.open(descriptor_);
            break;
    }
    for (const DiskExtent& part : parts_)
        if (part.reader) readers_.push_back(part.reader.get());
    std::ranges::sort(readers_);
    readers_.erase(std::unique(readers_.begin(), readers_.end()), readers_.end());
    describe(opener.facts);
}

void Reader::open_hosted(ExtentOpener& opener) {
    const SparseHeader header = read_sparse_header(image_, {});
    if (!header.descriptor) throw needs_descriptor(image_, "one extent of a disk");
    descriptor_ = parse_descriptor(read_embedded_descriptor(image_, header), where_);
    if (header.capacity.value != 0) {
        SparseExtent extent = open_sparse_extent(image_, header, caches_, info_.warnings);
        opener.facts = {header.grain_size, header.has_zero_grains, header.is_compressed};
        opener.put_embedded(std::move(extent.reader));
    }
    parts_ = opener.open(descriptor_);
}

/// One without a descriptor. As qemu does, it is taken for a whole disk where it does not say that it is none.
void Reader::open_cowd() {
    CowdExtent extent = vmdk::open_cowd(image_, caches_);
    descriptor_.create_type = "vmfsSparse";
    descriptor_.parent_name = extent.parent_name;
    descriptor_.size = extent.reader->info().virtual_size;
    if (extent.origin == CowdOrigin::unknown)
        info_.warnings.push_back(
            fmt::format("{}: it was read as a whole disk, as it names no other; if it is the data "
                        "of a snapshot, name the snapshot's descriptor instead",
                        where_));
    if (descriptor_.size.value != 0) parts_.push_back({{{}, descriptor_.size}, std::move(extent.reader), {}, false});
}

void Reader::describe(const ExtentFacts& facts) {
    info_.format = "vmdk";
    info_.virtual_size = descriptor_.size;
    info_.cluster_size = facts.grain_size;
    if (!descriptor_.parent_name.empty()) info_.backing = descriptor_.parent_name;
    info_.options.emplace("subformat", descriptor_.create_type);
    if (const auto type = descriptor_.fact("adaptertype")) info_.options.emplace("adapter_type", *type);
    if (const auto version = descriptor_.fact("virtualhwversion")) info_.options.emplace("hwversion", *version);
    if (facts.grain_size.value != 0 && !facts.is_compressed)
        info_.options.emplace("zeroed_grain", facts.has_zero_grains ? "on" : "off");
}

const DiskExtent& Reader::part_at(ByteOffset at) const {
    const auto after = std::upper_bound(parts_.begin(), parts_.end(), at,
                                        [](ByteOffset a, const DiskExtent& b) { return a < b.range.begin; });
    return *std::prev(after);
}

Extent Reader::extent_at(ByteOffset at) const {
    VARVE_CHECK(at.value < info_.virtual_size.value);
    const DiskExtent& part = part_at(at);
    const ByteCount rest = part.range.end() - at;
    if (!part.reader) return {at, rest, ExtentKind::zero};
    const Extent inside = part.reader->extent_at(part.begin + (at - part.range.begin));
    const bool is_hidden = inside.kind == ExtentKind::unallocated && part.hides_parent;
    return {at, std::min(inside.length, rest), is_hidden ? ExtentKind::zero : inside.kind};
}

void Reader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
    while (!out.empty()) {
        const DiskExtent& part = part_at(at);
        const std::uint64_t rest = (part.range.end() - at).value;
        const ByteSpan piece = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(rest, out.size())));
        if (part.reader)
            part.reader->read(part.begin + (at - part.range.begin), piece);
        else
            std::fill(piece.begin(), piece.end(), std::byte{0});
        at += ByteCount{piece.size()};
        out = out.subspan(piece.size());
    }
}

ByteCount Reader::bytes_read() const {
    ByteCount sum;
    for (const ImageReader* reader : readers_) sum += reader->bytes_read();
    return sum;
}

void Reader::check_unchanged() const {
    image_->check_unchanged();
    for (const ImageReader* reader : readers_) reader->check_unchanged();
}

}  // namespace varve::vmdk
