// Copy-on-write files of User-Mode Linux, in all layouts. No tool of Debian reads or writes them: a builder that shares
// no code with the reader makes them.

#include <fmt/format.h>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/formats/uml_cow/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using uml_cow_test::Image;
using uml_cow_test::Layout;
using uml_cow_test::layouts;

OpenOptions as_cow() {
    OpenOptions options;
    options.image.format = "cow";
    return options;
}

std::string refusal(const ScratchFolder& folder, const Bytes& file) {
    write_file(folder.file("bad.cow"), file);
    return refusal_of(folder.file("bad.cow"), as_cow());
}

}  // namespace

TEST_CASE("cow: every version and layout is recognised and read, alone and over its backing file", "[uml_cow]") {
    for (const Layout& layout : layouts()) {
        CAPTURE(layout.name);
        const ScratchFolder folder;
        constexpr std::uint64_t size = 100 * 512;
        Bytes disk(size, std::byte{'b'});
        write_file(folder.file("base.raw"), disk);
        Image alone(layout, size);
        Image over(layout, size);
        over.backing("base.raw");
        for (Image* image : {&alone, &over}) {
            image->sector(0, 'a').sector(7, 'c').sector(8, 'd').sector(64, 'e').sector(65, 'f');
            if (!layout.rounds_down) image->sector(99, 'z');
        }
        Bytes own(size);
        for (const auto& [number, fill] : {std::pair{0, 'a'}, {7, 'c'}, {8, 'd'}, {64, 'e'}, {65, 'f'}, {99, 'z'}}) {
            if (number == 99 && layout.rounds_down) continue;
            for (Bytes* bytes : {&own, &disk})
                std::fill_n(bytes->begin() + number * 512, 512, static_cast<std::byte>(fill));
        }
        write_file(folder.file("alone.cow"), alone.file);
        write_file(folder.file("over.cow"), over.file);
        const auto reader = open_image(folder.file("alone.cow"));
        CHECK(reader->info().format == "cow");
        CHECK(read_all(*reader) == own);
        Bytes part(1200);
        reader->read(ByteOffset{64 * 512 - 100}, part);
        CHECK(std::ranges::equal(part, ByteView(own).subspan(64 * 512 - 100, part.size())));
        CHECK(reader->extent_at(ByteOffset{512}).kind == ExtentKind::unallocated);
        CHECK(reader->extent_at(ByteOffset{512}).length.value == 6 * 512);
        CHECK(reader->extent_at(ByteOffset{7 * 512}).kind == ExtentKind::data);
        CHECK(reader->extent_at(ByteOffset{7 * 512}).length.value == 2 * 512);
        OpenOptions options;
        options.image.backing_format = "raw";  // the format records no format
        CHECK(read_all(*open_image(folder.file("over.cow"), options)) == disk);
    }
}

TEST_CASE("cow: a disk that ends inside a sector and one of many gigabytes are mapped to their ends", "[uml_cow]") {
    const ScratchFolder folder;
    const Layout& layout = layouts()[7];
    Image odd(layout, 1000);
    odd.sector(1, 'x');
    write_file(folder.file("odd.cow"), odd.file);
    Bytes disk(1000);
    std::fill_n(disk.begin() + 512, 488, std::byte{'x'});
    CHECK(read_all(*open_image(folder.file("odd.cow"))) == disk);

    constexpr std::uint64_t size = std::uint64_t{16} << 30;
    Image large(layout, size);
    large.file[large.map_at + (size / 512 - 1) / 8] = std::byte{0x80};  // the last sector, which the file does not have
    write_file(folder.file("large.cow"), large.file);
    const auto reader = open_image(folder.file("large.cow"));
    ByteOffset at;
    int extents = 0;
    while (at.value < size - 512 && extents < 100) {
        const Extent extent = reader->extent_at(at);
        REQUIRE(extent.kind == ExtentKind::unallocated);
        at = extent.end();
        ++extents;
    }
    CHECK(at.value == size - 512);
    CHECK(extents < 10);
    CHECK_THROWS_WITH(reader->extent_at(at), ContainsSubstring("sector 33554431 has its bit set, and its place"));
}

TEST_CASE("cow: sectors whose bits a short map lacks are those of the backing file", "[uml_cow]") {
    const ScratchFolder folder;
    Image image(layouts()[5], 8 * 512 * 512 + 3 * 512);  // the map fills its sectors, and 3 bits have no place
    image.sector(0, 'a');
    write_file(folder.file("a.cow"), image.file);
    const auto reader = open_image(folder.file("a.cow"));
    CHECK(read_all(*reader).back() == std::byte{0});
}

TEST_CASE("cow: an invalid header field is refused with its place and value", "[uml_cow][bad-input]") {
    const ScratchFolder folder;
    for (const Layout& layout : layouts()) {
        CAPTURE(layout.name);
        const Image sound = Image(layout, 100 * 512).sector(3, 'a');
        REQUIRE(refusal(folder, sound.file).empty());
        Image image = sound;
        image.put_u32(layout.sector_at, 1024);
        CHECK_THAT(refusal(folder, image.file), ContainsSubstring("expected a sector size of 512 at byte"));
        image = sound;
        image.put_u64(layout.size_at, ~std::uint64_t{0});
        CHECK_THAT(refusal(folder, image.file), ContainsSubstring(fmt::format("size at byte {}", layout.size_at)));
        image = sound;
        image.put_u64(layout.size_at, std::uint64_t{1} << 50);
        CHECK_THAT(refusal(folder, image.file), ContainsSubstring("expected a disk whose map of"));
        image = sound;
        std::fill_n(image.file.begin() + static_cast<std::ptrdiff_t>(layout.name_at), layout.name_bytes,
                    std::byte{'n'});
        CHECK_THAT(refusal(folder, image.file), ContainsSubstring("expected a NUL in its"));
        image = sound;
        image.put_u32(4, 4);
        CHECK_THAT(refusal(folder, image.file), ContainsSubstring("version 4 of the format"));
        for (const std::size_t length : {0UL, 7UL, 100UL, layout.length - 1}) {
            CAPTURE(length);
            CHECK_FALSE(
                refusal(folder, Bytes(sound.file.begin(), sound.file.begin() + static_cast<long>(length))).empty());
        }
    }
    const Layout& v3 = layouts()[7];
    for (const std::uint32_t alignment : {0U, 1U, 511U, 513U, 0x80000000U}) {
        Image image(v3, 100 * 512);
        image.put_u32(v3.alignment_at, alignment);
        CHECK_THAT(refusal(folder, image.file), ContainsSubstring(fmt::format("found {}", alignment)));
    }
    Image image(v3, 100 * 512);
    image.put_u32(v3.alignment_at + 4, 1);
    CHECK_THAT(refusal(folder, image.file), ContainsSubstring("the kind 1 of map (cow_format at byte 28)"));
    image = Image(v3, 100 * 512);
    image.file[image.map_at] = std::byte{1};  // and the file has no data
    CHECK_THAT(refusal(folder, image.file), ContainsSubstring("sector 0 has its bit set"));
}

}  // namespace varve::reader_test
