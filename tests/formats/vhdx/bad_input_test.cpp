// Hostile and damaged VHDX images: refused with the place, the expected and the found value, and without taking memory.

#include <fmt/format.h>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/formats/vhdx/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using vhdx_test::Image;

constexpr std::size_t header_2 = 128 << 10;
constexpr std::size_t regions_1 = 192 << 10;
constexpr std::size_t regions_2 = 256 << 10;
constexpr std::size_t items = Image::metadata_at + (64 << 10);

template <typename T>
void put(Bytes& file, std::size_t at, T value) {
    store_le(ByteSpan(file).subspan(at), value);
}

/// Makes the checksum of the structure at `at` right again.
void seal(Bytes& file, std::size_t at, std::size_t length) {
    put<std::uint32_t>(file, at + 4, 0);
    put(file, at + 4, vhdx_test::crc_of(ByteView(file).subspan(at, length)));
}

void seal_header(Bytes& file) { seal(file, header_2, 4096); }

/// Both tables get what `edit` does to the first.
void edit_regions(Bytes& file, const std::function<void(Bytes&, std::size_t)>& edit) {
    for (const std::size_t at : {regions_1, regions_2}) {
        edit(file, at);
        seal(file, at, 64 << 10);
    }
}

Bytes sound() {
    static const Bytes file = Image(4 << 20).block(1, Bytes(1 << 20, std::byte{'b'})).state(2, 2).file();
    return file;
}

std::string refusal(const Bytes& file) {
    const ScratchFolder folder;
    write_file(folder.file("a.vhdx"), file);
    OpenOptions options;
    options.image.format = "vhdx";
    return refusal_of(folder.file("a.vhdx"), options);
}

struct Lie {
    std::string what;
    std::function<void(Bytes&)> apply;
    std::string text;
};

}  // namespace

TEST_CASE("vhdx: an invalid structure is refused with its place, the expected and the found value",
          "[vhdx][bad-input]") {
    REQUIRE(refusal(sound()).empty());
    const std::vector<Lie> lies{
        {"identifier", [](Bytes& f) { f[0] = std::byte{'V'}; }, "expected a file that begins with 'vhdxfile'"},
        {"two damaged headers",
         [](Bytes& f) {
             f[(64 << 10) + 9] ^= std::byte{1};
             f[header_2 + 9] ^= std::byte{1};
         },
         "at byte 65536: expected a header here or at byte 131072"},
        {"equal sequence numbers",
         [](Bytes& f) {
             put<std::uint64_t>(f, header_2 + 8, 1);
             put<std::uint64_t>(f, header_2 + 200, 1);
             seal_header(f);
         },
         "expected a sequence number other than 1"},
        {"version 2",
         [](Bytes& f) {
             put<std::uint16_t>(f, header_2 + 66, 2);
             seal_header(f);
         },
         "version 2 of VHDX (byte 131138)"},
        {"log past the end",
         [](Bytes& f) {
             f[header_2 + 48] = std::byte{1};
             put<std::uint64_t>(f, header_2 + 72, std::uint64_t{1} << 40);
             seal_header(f);
         },
         "log: expected whole MiB from 1048576 on"},
        {"log version 1",
         [](Bytes& f) {
             f[header_2 + 48] = std::byte{1};
             put<std::uint16_t>(f, header_2 + 64, 1);
             seal_header(f);
         },
         "version 1 of the log"},
        {"two damaged region tables",
         [](Bytes& f) {
             f[regions_1 + 9] ^= std::byte{1};
             f[regions_2 + 9] ^= std::byte{1};
         },
         "at byte 196608: expected a region table here or at byte 262144"},
        {"2048 regions",
         [](Bytes& f) { edit_regions(f, [](Bytes& b, std::size_t at) { put<std::uint32_t>(b, at + 8, 2048); }); },
         "expected at most 2047 entries, found 2048"},
        {"no regions",
         [](Bytes& f) { edit_regions(f, [](Bytes& b, std::size_t at) { put<std::uint32_t>(b, at + 8, 0); }); },
         "region table: expected an entry"},
        {"one region twice",
         [](Bytes& f) {
             edit_regions(f, [](Bytes& b, std::size_t at) {
                 std::copy_n(b.begin() + static_cast<long>(at) + 16, 16, b.begin() + static_cast<long>(at) + 48);
             });
         },
         "expected one of its id, found two"},
        {"an unknown region",
         [](Bytes& f) { edit_regions(f, [](Bytes& b, std::size_t at) { b[at + 48] ^= std::byte{1}; }); },
         "uses the region 8b7ca207-4790-4b9a-b8fe-575f050f886e"},
        {"table region past the end",
         [](Bytes& f) {
             edit_regions(f, [](Bytes& b, std::size_t at) { put<std::uint64_t>(b, at + 32, std::uint64_t{1} << 43); });
         },
         "found 1048576 bytes at 8796093022208"},
        {"table region of 4 GiB",
         [](Bytes& f) {
             edit_regions(f, [](Bytes& b, std::size_t at) { put<std::uint32_t>(b, at + 40, 0xfff00000); });
         },
         "found 4293918720 bytes"},
        {"regions that overlap",
         [](Bytes& f) {
             edit_regions(f, [](Bytes& b, std::size_t at) { put<std::uint64_t>(b, at + 64, Image::table_at); });
         },
         "found two that overlap"},
        {"metadata of other bytes", [](Bytes& f) { f[Image::metadata_at] = std::byte{'M'}; }, "begins with 'metadata'"},
        {"2048 items", [](Bytes& f) { put<std::uint16_t>(f, Image::metadata_at + 10, 2048); },
         "expected at most 2047 entries, found 2048"},
        {"an unknown item", [](Bytes& f) { f[Image::metadata_at + 32] ^= std::byte{1}; },
         "uses the metadata item caa16736-fa36-4d43-b3b6-33f0aa44e76b"},
        {"no virtual size",
         [](Bytes& f) {
             put<std::uint32_t>(f, Image::metadata_at + 64 + 24, 0), f[Image::metadata_at + 64] ^= std::byte{1};
         },
         "expected the item 2fa54224"},
        {"item in the table", [](Bytes& f) { put<std::uint32_t>(f, Image::metadata_at + 32 + 16, 0); },
         "found 8 bytes at 0"},
        {"item past the end", [](Bytes& f) { put<std::uint32_t>(f, Image::metadata_at + 32 + 16, 0xffffffff); },
         "found 8 bytes at 4294967295"},
        {"item too short", [](Bytes& f) { put<std::uint32_t>(f, Image::metadata_at + 32 + 20, 7); },
         "expected 8 bytes, found 7"},
        {"block size 0", [](Bytes& f) { put<std::uint32_t>(f, items, 0); }, "block size: expected a power of two"},
        {"block size 3 MiB", [](Bytes& f) { put<std::uint32_t>(f, items, 3 << 20); }, "found 3145728"},
        {"block size 512 MiB", [](Bytes& f) { put<std::uint32_t>(f, items, 512 << 20); }, "found 536870912"},
        {"size of half a sector", [](Bytes& f) { put<std::uint64_t>(f, items + 8, 256); },
         "virtual size: expected a multiple of 512"},
        {"size of 2^63", [](Bytes& f) { put<std::uint64_t>(f, items + 8, std::uint64_t{1} << 63); },
         "found 9223372036854775808"},
        {"a table too short for the size", [](Bytes& f) { put<std::uint64_t>(f, items + 8, std::uint64_t{1} << 40); },
         "block allocation table: expected at least"},
        {"sectors of 520 bytes", [](Bytes& f) { put<std::uint32_t>(f, items + 16, 520); },
         "logical sector size: expected 512 or 4096, found 520"},
        {"sectors of 0 bytes", [](Bytes& f) { put<std::uint32_t>(f, items + 16, 0); }, "found 0"},
        {"a parent without a locator", [](Bytes& f) { put<std::uint32_t>(f, items + 4, 2); },
         "expected the item a8d35f2d"},
        {"block at 0", [](Bytes& f) { put<std::uint64_t>(f, Image::table_at + 8, 6); },
         "entry 1 of the block allocation table: expected a place from 1048576 on"},
        {"block past the end", [](Bytes& f) { put<std::uint64_t>(f, Image::table_at + 8, ~std::uint64_t{7} | 6); },
         "found 18446744073708503040"},
        {"block over the metadata",
         [](Bytes& f) { put<std::uint64_t>(f, Image::table_at + 8, Image::metadata_at | 6); },
         "expected a block outside the file's own structures"},
        {"block over the table", [](Bytes& f) { put<std::uint64_t>(f, Image::table_at + 8, Image::table_at | 6); },
         "found one at 3145728, over that at 3145728"},
        {"state 4", [](Bytes& f) { put<std::uint64_t>(f, Image::table_at + 8, 4); }, "found 4"},
        {"a part without a parent", [](Bytes& f) { put<std::uint64_t>(f, Image::table_at + 8, (4 << 20) | 7); },
         "(7 needs a parent), found 7"},
    };
    for (const Lie& lie : lies) {
        CAPTURE(lie.what);
        Bytes file = sound();
        lie.apply(file);
        CHECK_THAT(refusal(file), ContainsSubstring(lie.text));
    }
}

TEST_CASE("vhdx: a file that ends anywhere before its blocks is refused", "[vhdx][bad-input]") {
    const Bytes file = sound();
    for (const std::size_t length : {0UL, 7UL, 65536UL, header_2 + 4095, regions_1, regions_2 + 100, Image::metadata_at,
                                     Image::metadata_at + 70'000, Image::table_at, Image::table_at + 8, (4UL << 20)}) {
        CAPTURE(length);
        CHECK_FALSE(refusal(Bytes(file.begin(), file.begin() + static_cast<long>(length))).empty());
    }
}

TEST_CASE("vhdx: the bits of partial blocks and the parent locator are checked", "[vhdx][bad-input]") {
    const ScratchFolder folder;
    write_file(folder.file("base.vhdx"), sound());
    const auto refusal_with = [&](const Image& image, const std::function<void(Bytes&)>& edit = {}) {
        Bytes file = image.file();
        if (edit) edit(file);
        write_file(folder.file("top.avhdx"), file);
        OpenOptions options;
        options.image.ignore_content_ids = true;
        return refusal_of(folder.file("top.avhdx"), options);
    };
    Image image = Image(4 << 20).over(vhdx_test::guid_of(1), {{"relative_path", "base.vhdx"}}).sectors(0, {{3, 'x'}});
    CHECK(refusal_with(image).empty());
    Image without_bits = image;
    without_bits.table.erase(image.ratio());
    CHECK_THAT(refusal_with(without_bits),
               ContainsSubstring("expected the sector bits of block 0 (state 6), found the state 0"));
    Image past_the_end = image;
    past_the_end.table[image.ratio()] = std::uint64_t{1} << 40 | 6;
    CHECK_THAT(refusal_with(past_the_end), ContainsSubstring("found 1099511627776"));
    const std::size_t locator = items + 8 + 8 + 4 + 4;
    CHECK_THAT(refusal_with(image, [&](Bytes& f) { f[locator] ^= std::byte{1}; }),
               ContainsSubstring("of parent locator"));
    CHECK_THAT(refusal_with(image, [&](Bytes& f) { put<std::uint32_t>(f, locator + 20, 0xffffffff); }),
               ContainsSubstring("parent locator: expected a text"));
    CHECK_FALSE(refusal_with(image, [&](Bytes& f) { put<std::uint16_t>(f, locator + 18, 0xffff); }).empty());
    CHECK_THAT(refusal_with(image, [&](Bytes& f) { put<std::uint16_t>(f, locator + 18, 0); }),
               ContainsSubstring("expected a parent_linkage"));
}

}  // namespace varve::reader_test
