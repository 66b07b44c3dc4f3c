#include "engine/image/compare_images.h"

#include <cstdio>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/fakes/memory_image.h"
#include "tests/fakes/steady_image.h"
#include "tests/support/long_test.h"

using namespace varve;

namespace {

constexpr std::uint64_t block = compare_block_bytes;

CompareReport compare(const ImageReader& a, const ImageReader& b, CompareDetail detail = CompareDetail::everything) {
    NoProgress progress;
    return compare_images(a, b, detail, progress, {});
}

/// The same by brute force, block by block; the smaller image continues with zeros.
CompareReport brute_force(Bytes a, Bytes b) {
    CompareReport report;
    report.size_a = {a.size()};
    report.size_b = {b.size()};
    const std::size_t common = std::min(a.size(), b.size());
    a.resize(std::max(a.size(), b.size()));
    b.resize(a.size());
    for (std::size_t at = 0; at < a.size();) {
        std::size_t end = std::min<std::size_t>((at / block + 1) * block, a.size());
        if (at < common) end = std::min(end, common);
        if (!std::equal(a.begin() + static_cast<std::ptrdiff_t>(at), a.begin() + static_cast<std::ptrdiff_t>(end),
                        b.begin() + static_cast<std::ptrdiff_t>(at))) {
            if (!report.first_difference) {
                std::size_t first = at;
                while (a[first] == b[first]) ++first;
                report.first_difference = ByteOffset{first};
            }
            report.bytes_differing += {end - at};
            if (at >= common) report.has_data_in_excess = true;
            if (!report.ranges.empty() && report.ranges.back().end().value == at)
                report.ranges.back().length += {end - at};
            else
                report.ranges.push_back({{at}, {end - at}});
        }
        at = end;
    }
    report.ranges_differing = report.ranges.size();
    return report;
}

void require_equal(const CompareReport& found, const CompareReport& expected) {
    REQUIRE(found.size_a == expected.size_a);
    REQUIRE(found.size_b == expected.size_b);
    REQUIRE(found.first_difference == expected.first_difference);
    REQUIRE(found.bytes_differing == expected.bytes_differing);
    REQUIRE(found.ranges_differing == expected.ranges_differing);
    REQUIRE((found.ranges == expected.ranges));
    REQUIRE(found.has_data_in_excess == expected.has_data_in_excess);
}

/// One data extent of bytes 7 in the middle of 16 TiB without data.
class Huge final : public fakes::SteadyImage {
public:
    explicit Huge(std::byte content) : content_(content) { info_.virtual_size = {std::uint64_t{16} << 40}; }
    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override {
        if (at < begin) return {at, begin - at, ExtentKind::zero};
        if (at < begin + length) return {at, begin + length - at, ExtentKind::data};
        return {at, ByteOffset{} + info_.virtual_size - at, ExtentKind::unallocated};
    }
    void read(ByteOffset at, ByteSpan out) const override {
        VARVE_CHECK(at >= begin && at + ByteCount{out.size()} <= begin + length);
        std::fill(out.begin(), out.end(), content_);
        bytes_read_ += out.size();
    }
    ByteCount bytes_read() const override { return {bytes_read_.load()}; }

    static constexpr ByteOffset begin{std::uint64_t{5} << 40};
    static constexpr ByteCount length{65536};

private:
    std::byte content_;
    ImageInfo info_;
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace

TEST_CASE("compare: equal bytes are equal, whether data, zero or unallocated", "[engine][compare]") {
    fakes::MemoryImage a(10u << 20);
    fakes::MemoryImage b(10u << 20);
    std::mt19937_64 random(1);
    a.write_random(random, 5 * block, 3 * block);
    b.write(0, a.bytes());
    a.clear(1u << 20, 1u << 20, ExtentKind::zero);
    const CompareReport report = compare(a, b);
    REQUIRE(report.same());
    REQUIRE(report.ranges_differing == 0);
    REQUIRE(a.bytes_read().value == 3 * block);
}

TEST_CASE("compare: ranges without data on both sides are not read, even 16 TiB of them", "[engine][compare]") {
    const Huge a(std::byte{7});
    const Huge b(std::byte{7});
    const Huge other(std::byte{8});
    REQUIRE(compare(a, b).same());
    REQUIRE(a.bytes_read() == Huge::length);
    const CompareReport report = compare(a, other);
    REQUIRE(report.first_difference == Huge::begin);
    REQUIRE((report.ranges == std::vector<ByteRange>{{Huge::begin, Huge::length}}));
}

TEST_CASE("compare: a single differing byte is found", "[engine][compare]") {
    fakes::MemoryImage a(9u << 20);
    fakes::MemoryImage b(9u << 20);
    b.write((8u << 20) + 4099, Bytes(1, std::byte{1}));
    const CompareReport report = compare(a, b);
    REQUIRE(report.first_difference == ByteOffset{(8u << 20) + 4099});
    REQUIRE((report.ranges == std::vector<ByteRange>{{{(8u << 20) + block}, {block}}}));
    REQUIRE_FALSE(report.same_content());
}

TEST_CASE("compare: a larger image with nothing but zeros in excess has the same content", "[engine][compare]") {
    fakes::MemoryImage small(block * 3 + 100);
    small.write(0, Bytes(200, std::byte{3}));
    fakes::MemoryImage large(20u << 20);
    large.write(0, small.bytes());
    large.write(8u << 20, Bytes(block));  // data, but zeros
    const CompareReport report = compare(small, large);
    REQUIRE(report.same_content());
    REQUIRE_FALSE(report.same());
    REQUIRE_FALSE(report.has_data_in_excess);
    large.write(block * 3 + 100, Bytes(1, std::byte{1}));
    const CompareReport other = compare(large, small);
    REQUIRE(other.first_difference == ByteOffset{block * 3 + 100});
    REQUIRE(other.bytes_differing.value == block - 100);
    REQUIRE(other.has_data_in_excess);
}

TEST_CASE("compare: empty images are equal", "[engine][compare]") {
    REQUIRE(compare(fakes::MemoryImage(0), fakes::MemoryImage(0)).same());
    REQUIRE(compare(fakes::MemoryImage(0), fakes::MemoryImage(5)).same_content());
}

TEST_CASE("compare: random pairs differ where brute force finds it", "[engine][compare][pipeline]") {
    const std::uint64_t seed = 20261124;
    std::printf("compare test: seed %llu\n", static_cast<unsigned long long>(seed));
    std::mt19937_64 random(seed);
    for (int round = 0; round < test_rounds(30); ++round) {
        fakes::MemoryImage a(1 + random() % (14u << 20));
        const auto change = [&](fakes::MemoryImage& image) {
            const std::uint64_t at = random() % image.bytes().size();
            const std::uint64_t length = std::min<std::uint64_t>(1 + random() % 90'000, image.bytes().size() - at);
            switch (random() % 4) {
                case 0:
                    image.write(at, Bytes(length));
                    break;
                case 1:
                    image.clear(at / block * block, std::min(block, image.bytes().size() - at / block * block),
                                random() % 2 == 0 ? ExtentKind::zero : ExtentKind::unallocated);
                    break;
                default:
                    image.write_random(random, at, length);
            }
        };
        for (int i = 0; i < 20; ++i) change(a);
        fakes::MemoryImage b(a);
        if (round % 3 == 0) b.resize(1 + random() % (14u << 20));
        for (std::uint64_t i = random() % 12; i > 0; --i) change(b);
        CAPTURE(round, a.bytes().size(), b.bytes().size());
        require_equal(compare(a, b), brute_force(a.bytes(), b.bytes()));
        REQUIRE(compare(a, b, CompareDetail::first_difference).first_difference ==
                brute_force(a.bytes(), b.bytes()).first_difference);
    }
}

TEST_CASE("compare: ranges beyond the listed ones are still counted", "[engine][compare]") {
    const std::uint64_t count = compare_ranges_listed_max + 10;
    fakes::MemoryImage a(2 * count * block);
    fakes::MemoryImage b(2 * count * block);
    for (std::uint64_t i = 0; i < count; ++i) b.write(2 * i * block, Bytes(1, std::byte{1}));
    const CompareReport report = compare(a, b);
    REQUIRE(report.ranges.size() == compare_ranges_listed_max);
    REQUIRE(report.ranges_differing == count);
    REQUIRE(report.bytes_differing.value == count * block);
    REQUIRE(report.ranges.back().begin.value == 2 * (compare_ranges_listed_max - 1) * block);
}

TEST_CASE("compare: images that changed while they were read are not reported equal", "[engine][compare]") {
    class Changing final : public ImageReader {
    public:
        const ImageInfo& info() const override { return image_.info(); }
        Extent extent_at(ByteOffset at) const override { return image_.extent_at(at); }
        void read(ByteOffset at, ByteSpan out) const override { image_.read(at, out); }
        ByteCount bytes_read() const override { return image_.bytes_read(); }
        std::vector<ByteRange> unreadable() const override { return image_.unreadable(); }
        std::vector<std::string> late_warnings() const override { return image_.late_warnings(); }
        void check_unchanged() const override { throw Error(ErrorCode::refused, "it changed"); }

    private:
        fakes::MemoryImage image_{1 << 20};
    };
    const fakes::MemoryImage still(1 << 20);
    REQUIRE_THROWS_WITH(compare(Changing(), still), "it changed");
    REQUIRE_THROWS_WITH(compare(still, Changing()), "it changed");
}

TEST_CASE("compare: a requested stop ends it", "[engine][compare]") {
    std::stop_source stop;
    stop.request_stop();
    NoProgress progress;
    const Huge a(std::byte{1});
    REQUIRE_THROWS_AS(compare_images(a, a, CompareDetail::everything, progress, stop.get_token()), Error);
}
