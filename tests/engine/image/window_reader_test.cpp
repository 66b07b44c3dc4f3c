#include "engine/image/window_reader.h"

#include <random>

#include "engine/base/error.h"
#include "engine/image/image_space.h"
#include "engine/image/tolerant_reader.h"
#include "tests/catch.h"
#include "tests/fakes/failing_image.h"
#include "tests/fakes/memory_image.h"
#include "tests/fakes/steady_image.h"

using namespace varve;

namespace {

/// 3 MiB: data, zero and unallocated blocks by a seed that is printed.
fakes::MemoryImage mixed_disk() {
    constexpr std::uint64_t seed = 20261122;
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    fakes::MemoryImage disk(3 << 20);
    for (int i = 0; i < 60; ++i) {
        const std::uint64_t at = random() % 760 * 4096;
        const std::uint64_t length = (1 + random() % 8) * 4096;
        if (random() % 3 == 0)
            disk.clear(at, length, ExtentKind::zero);
        else
            disk.write_random(random, at, length);
    }
    return disk;
}

ExtentKind kind_at(const ImageReader& image, std::uint64_t at) { return image.extent_at({at}).kind; }

/// Walks the whole window and compares it with the same place of the disk.
void check_window(const fakes::MemoryImage& disk, ByteRange range) {
    const WindowReader window(disk, range);
    REQUIRE(window.info().virtual_size == range.length);
    for (ByteOffset at; at < ByteOffset{} + range.length;) {
        const Extent extent = window.extent_at(at);
        REQUIRE(extent.begin == at);
        REQUIRE(extent.length.value > 0);
        REQUIRE(extent.end() <= ByteOffset{} + range.length);
        REQUIRE(extent.kind == kind_at(disk, range.begin.value + at.value));
        REQUIRE(extent.kind == kind_at(disk, range.begin.value + extent.end().value - 1));
        if (extent.kind == ExtentKind::data) {
            Bytes found(extent.length.value);
            window.read(at, found);
            const auto* expected = disk.bytes().data() + range.begin.value + at.value;
            REQUIRE(std::equal(found.begin(), found.end(), expected));
        }
        at = extent.end();
    }
}

}  // namespace

TEST_CASE("window reader: any part of a disk is a disk of its own", "[engine][window]") {
    const fakes::MemoryImage disk = mixed_disk();
    check_window(disk, {{0}, {3 << 20}});
    check_window(disk, {{0}, {1}});
    check_window(disk, {{(3 << 20) - 1}, {1}});
    check_window(disk, {{1 << 20}, {1 << 20}});
    check_window(disk, {{1000001}, {1234567}});
    check_window(disk, {{4096}, {0}});
}

TEST_CASE("window reader: a change of the disk is a change of the window", "[engine][window]") {
    class Changed final : public fakes::SteadyImage {
    public:
        Changed() { info_.virtual_size = mib(1); }
        const ImageInfo& info() const override { return info_; }
        Extent extent_at(ByteOffset at) const override { return {at, ByteOffset{} + mib(1) - at}; }
        void read(ByteOffset, ByteSpan) const override {}
        ByteCount bytes_read() const override { return {}; }
        void check_unchanged() const override { throw Error(ErrorCode::refused, "it changed"); }

    private:
        ImageInfo info_;
    };
    const Changed disk;
    CHECK_THROWS_WITH(WindowReader(disk, {{0}, {1}}).check_unchanged(), ContainsSubstring("it changed"));
}

TEST_CASE("window reader: unreadable ranges are cut to the window and counted from its start", "[engine][window]") {
    fakes::MemoryImage disk(1 << 20);
    disk.write(0, Bytes(1 << 20, std::byte{1}));
    const TolerantReader tolerant(
        std::make_unique<fakes::FailingImage>(disk, std::vector<ByteRange>{{{4096}, {8192}}, {{65536}, {4096}}}));
    Bytes out(1 << 20);
    tolerant.read({}, out);
    REQUIRE(tolerant.unreadable().size() == 2);
    CHECK(WindowReader(tolerant, {{8192}, {65536}}).unreadable() ==
          std::vector<ByteRange>{{{}, {4096}}, {{57344}, {4096}}});
    CHECK(WindowReader(tolerant, {{12288}, {4096}}).unreadable().empty());
}

TEST_CASE("image space: an image's data is counted from its allocation map", "[engine][space]") {
    fakes::MemoryImage disk(1 << 20);
    NoProgress progress;
    CHECK(data_bytes(disk, progress, {}).value == 0);
    for (std::uint64_t at = 0; at < (1 << 20); at += 16384) disk.write(at, Bytes(4096, std::byte{1}));
    disk.clear(4096, 4096, ExtentKind::zero);
    CHECK(data_bytes(disk, progress, {}).value == 1 << 18);
    CHECK(data_bytes(WindowReader(disk, {{0}, {1 << 19}}), progress, {}).value == 1 << 17);
    CHECK(disk.bytes_read().value == 0);
    std::stop_source stop;
    stop.request_stop();
    CHECK_THROWS_AS(data_bytes(disk, progress, stop.get_token()), Error);
}
