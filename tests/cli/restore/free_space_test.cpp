#include "cli/restore/free_space.h"

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/fakes/steady_image.h"
#include "tests/fakes/temporary_folder.h"

using namespace varve;

namespace {

/// A disk of `size` bytes, the first `data` of them data.
class HugeImage final : public fakes::SteadyImage {
public:
    HugeImage(std::uint64_t size, std::uint64_t data) : data_(data) { info_.virtual_size = {size}; }
    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override {
        ++extents_asked;
        if (at.value < data_) return {at, {data_ - at.value}, ExtentKind::data};
        return {at, ByteOffset{} + info_.virtual_size - at, ExtentKind::unallocated};
    }
    void read(ByteOffset, ByteSpan) const override { FAIL("nothing is to be read"); }
    ByteCount bytes_read() const override { return {}; }

    mutable int extents_asked = 0;

private:
    ImageInfo info_;
    std::uint64_t data_;
};

constexpr std::uint64_t huge = std::uint64_t{1} << 60;  // no file system here has it free

void check(const TemporaryFolder& folder, std::vector<std::pair<std::string, const ImageReader*>> images,
           const OptionMap& options = {}) {
    std::vector<PlannedFile> files;
    for (const auto& [format, image] : images)
        files.push_back({"x\x1b", folder.path().string(), format, options, image});
    NoProgress progress;
    check_free_space(files, progress, {});
}

}  // namespace

TEST_CASE("free space: files that cannot fit are refused with both numbers", "[cli][space]") {
    const TemporaryFolder folder;
    const HugeImage image(huge, huge / 2);
    REQUIRE_THROWS_WITH(check(folder, {{"raw", &image}}),
                        ContainsSubstring("'x\x1b' needs up to 512.0 PiB (576460752303423488 bytes)") &&
                            ContainsSubstring(" free (") && ContainsSubstring("--no-space-check"));
    REQUIRE_THROWS_AS(check(folder, {{"qcow2", &image}}), Error);
}

TEST_CASE("free space: a thin image fits, and one whose full size fits is not inspected", "[cli][space]") {
    const TemporaryFolder folder;
    const HugeImage thin(huge, 4096);
    check(folder, {{"raw", &thin}, {"qcow2", &thin}});
    REQUIRE(thin.extents_asked > 0);
    const HugeImage small(4096, 4096);
    check(folder, {{"raw", &small}, {"qcow2", &small}});
    REQUIRE(small.extents_asked == 0);
    check(folder, {});
}

TEST_CASE("free space: the files of one file system count together", "[cli][space]") {
    const TemporaryFolder folder;
    const HugeImage small(4096, 4096);
    const HugeImage image(huge, huge);
    REQUIRE_THROWS_WITH(check(folder, {{"raw", &small}, {"raw", &image}, {"raw", &small}}),
                        ContainsSubstring("and 2 more need up to 1.0 EiB (1152921504606855168 bytes)"));
}

TEST_CASE("free space: creation options decide the space needed, or that it is unknown", "[cli][space]") {
    const TemporaryFolder folder;
    const HugeImage thin(huge, 4096);
    const HugeImage image(huge, huge);
    check(folder, {{"qcow2", &image}}, {{"compress", "on"}});
    check(folder, {{"qcow2", &image}}, {{"backing_file", "base.qcow2"}});
    REQUIRE_THROWS_AS(check(folder, {{"qcow2", &image}}, {{"compress", "off"}}), Error);
    check(folder, {{"vmdk", &image}}, {{"subformat", "streamOptimized"}});
    check(folder, {{"ova", &image}});
    REQUIRE_THROWS_AS(check(folder, {{"vmdk", &image}}, {{"subformat", "monolithicSparse"}}), Error);
    for (const std::string subformat : {"monolithicFlat", "vmfs", "twoGbMaxExtentFlat"}) {
        check(folder, {{"vmdk", &thin}}, {{"subformat", subformat}});
        REQUIRE_THROWS_AS(check(folder, {{"vmdk", &image}}, {{"subformat", subformat}}), Error);
    }
    // Half a billion pieces take a few blocks each, also without data.
    REQUIRE_THROWS_WITH(check(folder, {{"vmdk", &thin}}, {{"subformat", "twoGbMaxExtentSparse"}}),
                        ContainsSubstring("up to 16.0 TiB"));
    check(folder, {{"qcow2", &thin}}, {{"preallocation", "off"}});
    REQUIRE_THROWS_AS(check(folder, {{"qcow2", &thin}}, {{"preallocation", "full"}}), Error);
    REQUIRE_THROWS_AS(check(folder, {{"raw", &thin}}, {{"preallocation", "falloc"}}), Error);
}
