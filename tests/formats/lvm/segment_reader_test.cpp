#include "formats/lvm/segment_reader.h"

#include <random>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/hex.h"
#include "formats/base/reader_source.h"
#include "tests/catch.h"
#include "tests/contract/image_reader_contract.h"
#include "tests/fakes/memory_image.h"
#include "tests/formats/lvm/dm_table.h"
#include "tests/formats/lvm/fixture.h"
#include "tests/support/reader_support.h"

namespace varve::lvm_test {
namespace {

using lvm::MappedSegment;
using lvm::SegmentReader;

constexpr std::uint64_t block = fakes::MemoryImage::block_bytes;

ByteSourcePtr as_source(const std::shared_ptr<const ImageReader>& image, const std::string& name) {
    return std::make_shared<const ReaderSource>(
        image, name, [name](ByteOffset at) { return fmt::format("'{}' at byte {}", name, at.value); });
}

/// A little over 512 KiB: runs of data, zeros and holes.
std::shared_ptr<const fakes::MemoryImage> mixed_device(std::mt19937_64& random) {
    auto image = std::make_shared<fakes::MemoryImage>((512 << 10) + random() % 9000);
    const std::uint64_t blocks = image->bytes().size() / block;
    for (int i = 0; i < 12; ++i) {
        const std::uint64_t at = random() % (blocks - 30) * block;
        const std::uint64_t length = (1 + random() % 30) * block;
        if (i % 4 == 0)
            image->clear(at, length, ExtentKind::zero);
        else
            image->write_random(random, at, length);
    }
    return image;
}

struct Layout {
    std::vector<MappedSegment> segments;
    Bytes bytes;                    ///< of the volume, byte by byte
    std::vector<ExtentKind> kinds;  ///< of every byte
};

/// Where byte `at` of a segment is, found by counting stripes one by one.
std::pair<std::size_t, std::uint64_t> naive_place(const MappedSegment& segment, std::uint64_t at) {
    if (segment.legs.size() == 1) return {0, segment.legs[0].begin.value + at};
    std::size_t leg = 0;
    std::uint64_t row = 0;
    for (; at >= segment.stripe_size.value; at -= segment.stripe_size.value)
        if (++leg == segment.legs.size()) leg = 0, ++row;
    return {leg, segment.legs[leg].begin.value + row * segment.stripe_size.value + at};
}

void append_naively(Layout& layout, const MappedSegment& segment) {
    for (std::uint64_t i = 0; i < segment.range.length.value; ++i) {
        if (segment.legs.empty()) {
            layout.bytes.push_back(std::byte{0});
            layout.kinds.push_back(ExtentKind::unallocated);
            continue;
        }
        const auto [leg, at] = naive_place(segment, i);
        const ByteSource& device = *segment.legs[leg].device;
        layout.bytes.push_back(std::byte{0});
        layout.kinds.push_back(device.extent_at({at}).kind);
        if (layout.kinds.back() == ExtentKind::data) device.read_at({at}, ByteSpan(&layout.bytes.back(), 1));
    }
}

MappedSegment random_segment(std::mt19937_64& random, const std::vector<ByteSourcePtr>& devices) {
    MappedSegment segment;
    const std::uint64_t sizes[] = {512, 4096, 5000, 16384, 65536};
    segment.stripe_size = {sizes[random() % 5]};
    segment.range.length = {1 + random() % 200'000};
    for (std::uint64_t legs = random() % 4; legs > 0; --legs)
        segment.legs.push_back({devices[random() % devices.size()], {random() % 200'000}});
    return segment;
}

Layout random_layout(std::mt19937_64& random) {
    std::vector<ByteSourcePtr> devices;
    for (int i = 0; i < 3; ++i) devices.push_back(as_source(mixed_device(random), fmt::format("d{}", i)));
    Layout layout;
    for (std::uint64_t count = 1 + random() % 5; count > 0; --count) {
        MappedSegment segment = random_segment(random, devices);
        segment.range.begin = {layout.bytes.size()};
        append_naively(layout, segment);
        layout.segments.push_back(std::move(segment));
    }
    return layout;
}

/// A disk that is all data; only its extents are queried.
class FullDevice final : public ImageReader {
public:
    explicit FullDevice(std::uint64_t size) { info_.virtual_size = {size}; }
    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override {
        return {at, ByteOffset{} + info_.virtual_size - at, ExtentKind::data};
    }
    void read(ByteOffset, ByteSpan) const override {}
    ByteCount bytes_read() const override { return {}; }
    void check_unchanged() const override { ++checks; }
    std::vector<ByteRange> unreadable() const override { return {}; }
    std::vector<std::string> late_warnings() const override { return {}; }

    mutable int checks = 0;

private:
    ImageInfo info_;
};

std::shared_ptr<const FullDevice> full_device(std::uint64_t size) { return std::make_shared<FullDevice>(size); }

std::string segment_refusal(std::vector<MappedSegment> segments) {
    try {
        const SegmentReader reader("vg/lv", std::move(segments));
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::corrupt);
        return error.what();
    }
    return {};
}

}  // namespace

TEST_CASE("lvm segments: every volume of the linear fixture reads as the kernel presented it", "[lvm][segments]") {
    const DmTable table("linear");
    int compared = 0;
    for (const auto& row : fixture_table("linear", "MANIFEST.tsv")) {
        const std::string name = dm_name(row.at(0), row.at(1));
        if (row.at(5) == "EIO") continue;
        INFO(name);
        const auto volume = table.open(name);
        CHECK(volume->info().virtual_size.value == std::stoull(row.at(4)));
        CHECK(to_hex(reader_test::digest_of(*volume).view()) == row.at(5));
        ++compared;
    }
    CHECK(compared == 11);
}

TEST_CASE("lvm segments: a volume of zeros is never read", "[lvm][segments]") {
    const auto volume = DmTable("linear").open("vg3-lvzero");
    CHECK(volume->extent_at({}) == Extent{{}, mib(4), ExtentKind::unallocated});
    CHECK(is_zero(reader_test::read_all(*volume)));
    CHECK(volume->bytes_read().value == 0);
}

TEST_CASE("lvm segments: reading any range of any layout gives the same bytes as reading byte by byte",
          "[lvm][segments]") {
    constexpr std::uint64_t seed = 20261122;
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 40; ++i) {
        CAPTURE(i);
        const Layout layout = random_layout(random);
        const SegmentReader reader("vg/lv", layout.segments);
        REQUIRE(reader.info().virtual_size.value == layout.bytes.size());
        REQUIRE((reader_test::read_all(reader) == layout.bytes));
        for (const Extent& extent : contract::walk_extents(reader))
            for (std::uint64_t at = extent.begin.value; at < extent.end().value; ++at)
                if (layout.kinds[at] != extent.kind) FAIL("byte " << at << " is of another kind");
        for (int pieces = 0; pieces < 50; ++pieces) {
            const std::uint64_t at = random() % layout.bytes.size();
            const std::uint64_t length = random() % std::min<std::uint64_t>(100'000, layout.bytes.size() - at + 1);
            const Bytes piece = contract::read_range(reader, {at}, {length});
            REQUIRE(std::equal(piece.begin(), piece.end(), layout.bytes.begin() + static_cast<std::ptrdiff_t>(at)));
        }
    }
}

TEST_CASE("contract: lvm segments", "[lvm][segments][contract][pipeline]") {
    std::mt19937_64 random(4);
    for (int i = 0; i < 6; ++i) {
        const Layout layout = random_layout(random);
        contract::check_image_reader(SegmentReader("vg/lv", layout.segments), layout.bytes);
    }
}

TEST_CASE("lvm segments: a long striped volume full of data is one extent", "[lvm][segments]") {
    constexpr std::uint64_t leg = std::uint64_t{1} << 40;
    const auto a = as_source(full_device(leg + 4096), "a");
    const auto b = as_source(full_device(leg + 4096), "b");
    const SegmentReader reader("vg/lv", {{{{}, {2 * leg}}, {{a, {4096}}, {b, {0}}}, kib(64)}});
    CHECK(reader.extent_at({}) == Extent{{}, {2 * leg}, ExtentKind::data});
    CHECK(reader.extent_at({100'000}).end().value == 2 * leg);
}

TEST_CASE("lvm segments: every device is checked once for changes", "[lvm][segments]") {
    const auto a = full_device(1 << 20);
    const auto b = full_device(1 << 20);
    const ByteSourcePtr first = as_source(a, "a");
    const SegmentReader reader("vg/lv", {{{{}, {8192}}, {{first, {}}, {as_source(b, "b"), {}}}, {4096}},
                                         {{{8192}, {4096}}, {{first, {65536}}}, {}}});
    reader.check_unchanged();
    CHECK(a->checks == 1);
    CHECK(b->checks == 1);
}

TEST_CASE("lvm segments: a place names the disk and the volumes in between", "[lvm][segments]") {
    const DmTable table("linear");
    const auto volume = table.open("vg_stripes-st2mix");
    CHECK(volume->place_of({0}) == "'p1.raw' at byte 10551296 (byte 0 of 'vg_stripes-st2mix')");
    CHECK(volume->place_of({4097}) == "'p2.raw' at byte 10551297 (byte 4097 of 'vg_stripes-st2mix')");
    CHECK(volume->place_of({8192}) == "'p1.raw' at byte 10555392 (byte 8192 of 'vg_stripes-st2mix')");
    CHECK(volume->place_of(ByteOffset{} + mib(6)) == "'p3.raw' at byte 5242880 (byte 6291456 of 'vg_stripes-st2mix')");
    CHECK(volume->place_of(ByteOffset{} + mib(15)) == "byte 15728640 of 'vg_stripes-st2mix', past its end");
    const SegmentReader above("vg/top", {{{{}, {4096}}, {{lvm::source_of(volume), {8192}}}, {}}});
    CHECK(above.place_of({1}) == "'p1.raw' at byte 10555393 (byte 8193 of 'vg_stripes-st2mix') (byte 1 of 'vg/top')");
    CHECK(table.open("vg3-lvzero")->place_of({5}) == "byte 5 of 'vg3-lvzero', in a segment of zeros");
}

TEST_CASE("lvm segments: a disk that ends too early is refused before anything is read", "[lvm][segments]") {
    const ByteSourcePtr device = as_source(full_device(100'000), "p0.raw");
    CHECK(segment_refusal({{{{}, {100'000}}, {{device, {}}}, {}}}).empty());
    CHECK(segment_refusal({{{{}, {4096}}, {}, {}}, {{{4096}, {90'001}}, {{device, {10'000}}}, {}}}) ==
          "segment 2 of volume 'vg/lv' needs 90001 bytes from 'p0.raw' at byte 10000 on, but the device ends at "
          "byte 100000: specify the whole physical volume");
    CHECK(!segment_refusal({{{{}, {1}}, {{device, {std::uint64_t{1} << 63}}}, {}}}).empty());
    CHECK(!segment_refusal({{{{}, {1}}, {{device, {~std::uint64_t{0}}}}, {}}}).empty());
    // The second leg has the shorter part of the last row of stripes.
    CHECK(segment_refusal({{{{}, {20'001}}, {{device, {88'191}}, {device, {91'808}}}, {8192}}}).empty());
    CHECK(!segment_refusal({{{{}, {20'001}}, {{device, {88'192}}, {device, {91'808}}}, {8192}}}).empty());
    CHECK(!segment_refusal({{{{}, {20'001}}, {{device, {88'191}}, {device, {91'809}}}, {8192}}}).empty());
}

TEST_CASE("lvm segments: stripes of size zero or of a size that overflows are refused", "[lvm][segments]") {
    const ByteSourcePtr device = as_source(full_device(100'000), "p0.raw");
    CHECK(!segment_refusal({{{{}, {8192}}, {{device, {}}, {device, {8192}}}, {}}}).empty());
    CHECK(!segment_refusal({{{{}, {8192}}, {{device, {}}, {device, {8192}}}, {std::uint64_t{1} << 63}}}).empty());
    CHECK(segment_refusal({{{{}, {8192}}, {{device, {}}, {device, {8192}}}, {std::uint64_t{1} << 62}}}).empty());
}

}  // namespace varve::lvm_test
