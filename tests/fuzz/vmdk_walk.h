#pragma once
/// What the VMDK fuzz targets do with one input. A test of tests/formats runs the corpus through it.

#include <algorithm>
#include <memory>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/vmdk/descriptor.h"
#include "formats/vmdk/reader.h"
#include "tests/fuzz/memory_source.h"

namespace varve::fuzz {

/// Walks the map from `at` for a bounded number of steps and reads both ends of each extent. Anything but data must
/// read as zeros, and the end of data must be the same whether read alone or with what precedes it.
inline void walk_vmdk(const ImageReader& reader, ByteOffset at) {
    Bytes buffer(10000);
    const ByteOffset end{reader.info().virtual_size.value};
    for (int steps = 0; steps < 200 && at < end; ++steps) {
        try {
            const Extent extent = reader.extent_at(at);
            VARVE_CHECK(extent.begin == at && extent.length.value > 0 && extent.length <= end - at);
            const ByteSpan piece = ByteSpan(buffer).first(
                static_cast<std::size_t>(std::min<std::uint64_t>(extent.length.value, buffer.size())));
            std::fill(piece.begin(), piece.end(), std::byte{0x5a});
            at = extent.end();
            reader.read(extent.begin, piece);
            VARVE_CHECK(extent.kind == ExtentKind::data || is_zero(piece));
            reader.read(extent.end() - ByteCount{piece.size()}, piece);
            std::byte last{0x5a};
            reader.read(extent.end() - ByteCount{1}, ByteSpan(&last, 1));
            VARVE_CHECK(last == piece.back());
        } catch (const Error&) {
            if (at < end) at += std::min(end - at, kib(64));  // past the damage
        }
    }
}

inline void open_and_walk(const ByteSourcePtr& image, const ByteSourcePtr& extent) {
    try {
        vmdk::Reader::Options options;
        options.open_extent = [&](const std::string&, std::vector<std::string>&) { return extent; };
        const vmdk::Reader reader(image, options, std::make_shared<ReadCaches>());
        walk_vmdk(reader, ByteOffset{});
        const std::uint64_t size = reader.info().virtual_size.value;
        if (size > (1 << 20)) walk_vmdk(reader, ByteOffset{size - (1 << 20) + 1});
    } catch (const Error&) {
    }
}

/// As a whole disk, and as the only sparse extent of a disk with a valid descriptor. May throw nothing but Error.
inline void open_walk_read_vmdk(ByteView input) {
    const ByteSourcePtr device = memory_source(input);
    open_and_walk(device, device);
    constexpr std::string_view text =
        "# Disk DescriptorFile\nCID=1\nparentCID=ffffffff\ncreateType=\"custom\"\nRW 2048 SPARSE \"x\"\n";
    open_and_walk(memory_source(bytes_of(text)), device);
}

/// What parses must be consistent.
inline void parse_vmdk_descriptor(ByteView input) {
    try {
        const vmdk::Descriptor descriptor = vmdk::parse_descriptor(text_of(input), "'input'");
        ByteCount sum;
        for (const vmdk::ExtentLine& extent : descriptor.extents) {
            sum += extent.length;
            VARVE_CHECK(extent.length.value <= descriptor.size.value && extent.length.value % 512 == 0);
        }
        VARVE_CHECK(sum == descriptor.size && sum.value < std::uint64_t{1} << 63);
        VARVE_CHECK(descriptor.parent_content_id.has_value() == !descriptor.parent_name.empty());
        VARVE_CHECK(!descriptor.create_type.empty());
    } catch (const Error&) {
    }
}

}  // namespace varve::fuzz
