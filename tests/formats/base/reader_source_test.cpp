#include "formats/base/reader_source.h"

#include <memory>

#include "formats/raw/reader.h"
#include "tests/catch.h"
#include "tests/contract/byte_source_contract.h"
#include "tests/fakes/failing_image.h"
#include "tests/fakes/memory_image.h"
#include "tests/fakes/memory_source.h"

namespace varve::reader_source_test {
namespace {

using contract::read_failure;

/// 64 KiB: ones, explicit zeros from 16 KiB on, never written from 32 KiB on, ones again from 48 KiB on.
std::shared_ptr<fakes::MemoryImage> make_image() {
    auto image = std::make_shared<fakes::MemoryImage>(std::uint64_t{64} << 10);
    image->write(0, Bytes(16 << 10, std::byte{1}));
    image->clear(16 << 10, 16 << 10, ExtentKind::zero);
    image->write(48 << 10, Bytes(16 << 10, std::byte{1}));
    return image;
}

}  // namespace

TEST_CASE("reader source: its bytes are the guest bytes of the image", "[formats][byte_source]") {
    const auto image = make_image();
    const ReaderSource source(image, "lvm:vg/root");
    CHECK(source.size() == image->info().virtual_size);
    Bytes out(100);
    source.read_at({(48 << 10) + 5}, out);
    CHECK(out == Bytes(100, std::byte{1}));
}

TEST_CASE("reader source: its extents are those of the image, of all three kinds", "[formats][byte_source]") {
    const auto image = make_image();
    const ReaderSource source(image, "lvm:vg/root");
    for (const std::uint64_t at : {0U, 1U, 16U << 10, 20U << 10, 32U << 10, 48U << 10, (64U << 10) - 1})
        CHECK(source.extent_at({at}) == image->extent_at({at}));
    CHECK(source.extent_at({16 << 10}).kind == ExtentKind::zero);
    CHECK(source.extent_at({32 << 10}).kind == ExtentKind::unallocated);
}

TEST_CASE("reader source: past the end the image is not asked", "[formats][byte_source]") {
    const ReaderSource source(make_image(), "lvm:vg/root");  // the image ends the process if it is
    CHECK(read_failure(source, 64 << 10, 0) == std::nullopt);
    for (const std::uint64_t at : {(std::uint64_t{64} << 10) - 1, std::uint64_t{64} << 10, ~std::uint64_t{0} - 1,
                                   ~std::uint64_t{0}, ~std::uint64_t{0} / 2})
        CHECK(read_failure(source, at, 2) == ErrorCode::corrupt);
    Bytes out(2);
    CHECK_THROWS_WITH(source.read_at({65535}, out),
                      ContainsSubstring("'lvm:vg/root'") && ContainsSubstring("2 bytes at offset 65535"));
}

TEST_CASE("reader source: without a function, its places are offsets in its name", "[formats][byte_source]") {
    const ReaderSource source(make_image(), "lvm:vg/root");
    CHECK(source.name() == "lvm:vg/root");
    CHECK(source.place({}) == "'lvm:vg/root'");
    CHECK(source.place({512}) == "'lvm:vg/root' at byte 512");
}

TEST_CASE("reader source: with a function, its places are what that returns", "[formats][byte_source]") {
    const ReaderSource source(make_image(), "a.raw", [](ByteOffset at) {
        return "partition 2 of a.raw, byte " + std::to_string(at.value + 1000);
    });
    CHECK(source.name() == "a.raw");
    CHECK(source.place({}) == "partition 2 of a.raw, byte 1000");
    CHECK(source.place({24}) == "partition 2 of a.raw, byte 1024");
}

TEST_CASE("reader source: read errors of the image pass through", "[formats][byte_source]") {
    const auto image = make_image();
    const ReaderSource io(std::make_shared<fakes::FailingImage>(*image, std::vector<ByteRange>{{{100}, {1}}}), "a");
    CHECK(read_failure(io, 0, 100) == std::nullopt);
    CHECK(read_failure(io, 0, 101) == ErrorCode::io);
    const ReaderSource corrupt(
        std::make_shared<fakes::FailingImage>(*image, std::vector<ByteRange>{{{100}, {1}}}, ErrorCode::corrupt), "a");
    CHECK(read_failure(corrupt, 100, 1) == ErrorCode::corrupt);
}

TEST_CASE("reader source: an error of the image's map passes through", "[formats][byte_source]") {
    const auto image = make_image();
    const auto failing = std::make_shared<fakes::FailingImage>(*image, std::vector<ByteRange>{});
    const ReaderSource source(failing, "a");
    failing->map_fails = true;
    CHECK_THROWS_WITH(source.extent_at({}), ContainsSubstring("the map cannot be read"));
}

TEST_CASE("reader source: a change of the image's medium is a change of the source", "[formats][byte_source]") {
    const auto medium = std::make_shared<fakes::MemorySource>(Bytes(1000), "a.raw");
    const ReaderSource source(std::make_shared<const raw::Reader>(medium), "disk");
    CHECK_NOTHROW(source.check_unchanged());
    medium->has_changed = true;
    CHECK_THROWS_WITH(source.check_unchanged(), ContainsSubstring("'a.raw' changed"));
}

TEST_CASE("reader source: its name is its identity, and it comes from no single file", "[formats][byte_source]") {
    const auto image = make_image();
    const ReaderSource source(image, "lvm:vg/root");
    CHECK(source.file() == nullptr);
    CHECK(source.identity() == SourceIdentity{{}, {}, "lvm:vg/root"});
    CHECK(source.identity() == ReaderSource(image, "lvm:vg/root").identity());
    CHECK(source.identity() != ReaderSource(image, "lvm:vg/home").identity());
}

TEST_CASE("reader source: it keeps the image alive", "[formats][byte_source]") {
    auto image = make_image();
    const std::weak_ptr<fakes::MemoryImage> watch = image;
    {
        const ReaderSource source(std::move(image), "a");
        CHECK(read_failure(source, 0, 100) == std::nullopt);
    }
    CHECK(watch.expired());
}

}  // namespace varve::reader_source_test
