#pragma once
/// Reads back what a plan wrote with varve's own reader: the bytes of the disk, and the kind of each unit of the image.

#include "engine/base/check.h"
#include "formats/chain/layered_reader.h"
#include "formats/qcow2/reader.h"
#include "tests/fuzz/qcow2_walk.h"
#include "tests/fuzz/write_plan.h"

namespace varve::fuzz {

inline void check_kinds(const WritePlan& plan, const ImageReader& image) {
    const ByteCount unit = qcow2::parse_options(plan.options).unit();
    const std::vector<ExtentKind> expected = expected_kinds(plan);
    const ByteOffset end{plan.guest.size()};
    for (ByteOffset at; at < end;) {
        const Extent extent = image.extent_at(at);
        VARVE_CHECK(extent.begin == at && extent.length.value > 0 && extent.end() <= end);
        for (std::uint64_t i = at.value / unit.value; i * unit.value < extent.end().value; ++i)
            VARVE_CHECK(expected[i] == extent.kind);
        at = extent.end();
    }
}

/// Aborts if anything reads back differently.
inline void check_reads_back(const WritePlan& plan) {
    const Bytes file = write_image(plan);
    std::unique_ptr<ImageReader> image =
        std::make_unique<qcow2::Reader>(memory_source(file), qcow2::Reader::Options{}, std::make_shared<ReadCaches>());
    VARVE_CHECK(image->info().virtual_size == ByteCount{plan.guest.size()});
    check_kinds(plan, *image);
    if (plan.backing)
        image = std::make_unique<LayeredReader>(std::move(image), std::make_unique<fakes::MemoryImage>(*plan.backing));
    Bytes read(plan.guest.size(), std::byte{0x5a});
    for (std::size_t at = 0; at < read.size();) {  // extent by extent, since a fake can't be read where it has no data
        const Extent extent = image->extent_at({at});
        const ByteSpan part = ByteSpan(read).subspan(at, extent.length.value);
        if (extent.kind == ExtentKind::data)
            image->read({at}, part);
        else
            std::ranges::fill(part, std::byte{0});
        at += part.size();
    }
    VARVE_CHECK(read == plan.guest);
}

}  // namespace varve::fuzz
