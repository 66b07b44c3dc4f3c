#include "formats/vmdk/reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/ascii.h"
#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/vmdk/cowd.h"
#include "formats/vmdk/descriptor_source.h"
#include "formats/vmdk/error.h"
#include "formats/vmdk/magic.h"
#include "formats/vmdk/sparse_extent.h"

namespace varve::vmdk {
namespace {

constexpr std::string_view delta_suffix = "-delta.vmdk";

/// " 'web01-000001.vmdk'" for "web01-000001-delta.vmdk"; empty for a name that shows no descriptor.
std::string descriptor_for(std::string_view file) {
    file = file.substr(file.rfind('/') + 1);  // npos + 1 is 0
    for (const std::string_view suffix : {delta_suffix, std::string_view("-sesparse.vmdk")})
        if (file.size() > suffix.size() && ends_ignoring_case(file, suffix))
            return fmt::format(" '{}.vmdk'", file.substr(0, file.size() - suffix.size()));
    return "";
}

Error needs_descriptor(const ByteSourcePtr& file, std::string_view what) {
    return Error(ErrorCode::refused, fmt::format("{}: it is {}; open the descriptor{} instead, the small .vmdk text "
                                                 "file that names this one",
                                                 file->place({}), what, descriptor_for(file->name())));
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
            opener.facts.grain_size = extents_.empty() ? ByteCount{} : extents_.front().reader->info().cluster_size;
            break;
        case Magic::sesparse:
            throw needs_descriptor(image_, "the data of a snapshot");
        case Magic::none:
            descriptor_ = parse_descriptor(read_descriptor_file(image_), where_);
            extents_ = opener.open(descriptor_);
            break;
    }
    for (const DiskExtent& extent : extents_)
        if (extent.reader) readers_.push_back(extent.reader.get());
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
    extents_ = opener.open(descriptor_);
}

/// An extent without a descriptor. Only its header can show whether it is a whole disk; qemu takes every one for that.
void Reader::open_cowd() {
    CowdExtent cowd = vmdk::open_cowd(image_, caches_);
    const bool may_be_whole = cowd.origin == CowdOrigin::root && !ends_ignoring_case(image_->name(), delta_suffix);
    if (!may_be_whole && cowd.origin != CowdOrigin::child)
        throw needs_descriptor(image_, "the data of a snapshot, which holds only what differs from its parent");
    descriptor_.create_type = "vmfsSparse";
    descriptor_.parent_name = cowd.parent_name;
    descriptor_.size = cowd.reader->info().virtual_size;
    if (descriptor_.size.value != 0) extents_.push_back({{{}, descriptor_.size}, std::move(cowd.reader), {}, false});
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

const DiskExtent& Reader::extent_in(ByteOffset at) const {
    const auto after = std::upper_bound(extents_.begin(), extents_.end(), at,
                                        [](ByteOffset a, const DiskExtent& b) { return a < b.range.begin; });
    return *std::prev(after);
}

Extent Reader::extent_at(ByteOffset at) const {
    VARVE_CHECK(at.value < info_.virtual_size.value);
    const DiskExtent& extent = extent_in(at);
    const ByteCount rest = extent.range.end() - at;
    if (!extent.reader) return {at, rest, ExtentKind::zero};
    const Extent inside = extent.reader->extent_at(extent.begin + (at - extent.range.begin));
    const bool is_hidden = inside.kind == ExtentKind::unallocated && extent.hides_parent;
    return {at, std::min(inside.length, rest), is_hidden ? ExtentKind::zero : inside.kind};
}

void Reader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
    while (!out.empty()) {
        const DiskExtent& extent = extent_in(at);
        const std::uint64_t rest = (extent.range.end() - at).value;
        const ByteSpan piece = out.first(static_cast<std::size_t>(std::min<std::uint64_t>(rest, out.size())));
        if (extent.reader)
            extent.reader->read(extent.begin + (at - extent.range.begin), piece);
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

std::vector<std::string> Reader::late_warnings() const {
    std::vector<std::string> all;
    for (const ImageReader* reader : readers_)
        for (std::string& sentence : reader->late_warnings()) all.push_back(std::move(sentence));
    return all;
}

void Reader::check_unchanged() const {
    image_->check_unchanged();
    for (const ImageReader* reader : readers_) reader->check_unchanged();
}

}  // namespace varve::vmdk
