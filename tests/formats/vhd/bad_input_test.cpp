// Hostile and damaged VHD images: every invalid field of a footer, header or table is an error that names the place.
// Such input neither takes memory nor causes other files to be opened.

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/formats/vhd/builder.h"
#include "tests/support/build_paths.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using vhd_test::Image;

struct Lie {
    std::string what;
    std::function<void(Image&)> apply;
    std::uint64_t at;  ///< the byte that the error names, from the end of the file if is_at_end
    std::string text;
    bool is_at_end = false;
};

Image sound() {
    Image image(4 * 4096, 4096);
    image.put(2, Bytes(4096, std::byte{'c'}));
    image.put(0, Bytes(4096, std::byte{'a'}));
    return image;
}

std::string place(const std::string& path, std::uint64_t at) {
    return "'" + path + "' at byte " + std::to_string(at) + ": ";
}

}  // namespace

TEST_CASE("vhd: an invalid footer or header is refused with field, expected and found value", "[vhd][bad-input]") {
    const std::vector<Lie> lies{
        {"type 0", [](Image& i) { i.type = 0; }, 512 - 60, "type: expected 2 (fixed), 3 (dynamic) or 4", true},
        {"type 1", [](Image& i) { i.type = 1; }, 512 - 60, "found 1", true},
        {"type 5", [](Image& i) { i.type = 5; }, 512 - 60, "found 5", true},
        {"type -1", [](Image& i) { i.type = 0xffffffff; }, 512 - 60, "found 4294967295", true},
        {"version 0", [](Image& i) { i.footer_version = 0; }, 512 - 12, "VHD version 0.0", true},
        {"version 2", [](Image& i) { i.footer_version = 0x20000; }, 512 - 12, "VHD version 2.0", true},
        {"size 2^63", [](Image& i) { i.size = std::uint64_t{1} << 63; }, 512 - 48, "at most 9223372036854775807", true},
        {"fixed in short", [](Image& i) { i.type = 2, i.size = 1 << 20; }, 512 - 48, "the bytes before the footer",
         true},
        {"size one too large", [](Image& i) { i.size = 4 * 4096 + 1; }, 512 + 28,
         "block table entries: expected at least 5"},
        {"size 2^63-1", [](Image& i) { i.size = ~std::uint64_t{0} >> 1; }, 512 + 28, "at least 2251799813685248"},
        {"header version", [](Image& i) { i.header_version = 0x20000; }, 512 + 24, "dynamic header of version 2.0"},
        {"block size 0", [](Image& i) { i.block_size = 0; }, 512 + 32, "block size: expected a power of two"},
        {"block size 3", [](Image& i) { i.block_size = 3; }, 512 + 32, "found 3"},
        {"block size 256", [](Image& i) { i.block_size = 256; }, 512 + 32, "at least 512, found 256"},
        {"block size 4097", [](Image& i) { i.block_size = 4097; }, 512 + 32, "found 4097"},
        {"block size -1", [](Image& i) { i.block_size = 0xffffffff; }, 512 + 32, "found 4294967295"},
        {"no entries", [](Image& i) { i.entries = 0; }, 512 + 28, "at least 4, found 0"},
        {"few entries", [](Image& i) { i.entries = 3; }, 512 + 28, "at least 4, found 3"},
        {"table at 0", [](Image& i) { i.table_said = 0; }, 512 + 16, "offset of the block table: expected 16 bytes"},
        {"table at 511", [](Image& i) { i.table_said = 511; }, 512 + 16, "found 511"},
        {"table in the header", [](Image& i) { i.table_said = 1535; }, 512 + 16, "does not overlap the header"},
        {"table past the end", [](Image& i) { i.table_said = 1 << 20; }, 512 + 16, "found 1048576"},
        {"table at -1", [](Image& i) { i.table_said = ~std::uint64_t{0}; }, 512 + 16, "found 18446744073709551615"},
        {"table at 2^63", [](Image& i) { i.table_said = std::uint64_t{1} << 63; }, 512 + 16, "end of the file"},
    };
    const ScratchFolder folder;
    const std::string path = folder.file("lie.vhd");
    for (const Lie& lie : lies) {
        CAPTURE(lie.what);
        Image image = sound();
        Bytes file = image.file();
        lie.apply(image);
        Image header = image;  // only footer and header change, the rest stays where it was
        header.table.assign(4, 0xffffffff);
        header.is_place.assign(4, false);
        header.places.clear();
        const Bytes changed = header.file();
        std::copy_n(changed.begin(), 1536, file.begin());
        std::copy(changed.end() - 512, changed.end(), file.end() - 512);
        write_file(path, file);
        const std::uint64_t at = lie.is_at_end ? file.size() - lie.at : lie.at;
        CHECK_THAT(refusal_of(path), ContainsSubstring(place(path, at)) && ContainsSubstring(lie.text));
    }
}

TEST_CASE("vhd: a header outside the file, or without its cookie, is refused", "[vhd][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("lie.vhd");
    for (const std::uint64_t at :
         {std::uint64_t{0}, std::uint64_t{511}, std::uint64_t{1} << 20, ~std::uint64_t{0}, ~std::uint64_t{0} - 1024}) {
        Bytes file = sound().file();
        Image lie(4 * 4096, 4096);
        lie.header_at = at;
        lie.raw = Bytes(1536);
        const Bytes footer = lie.file();
        std::copy(footer.end() - 512, footer.end(), file.end() - 512);
        write_file(path, file);
        CHECK_THAT(refusal_of(path), ContainsSubstring("not inside the file"));
    }
    Bytes file = sound().file();
    file[512] = std::byte{'x'};
    write_file(path, file);
    CHECK_THAT(refusal_of(path), ContainsSubstring(place(path, 512) + "expected the dynamic header"));
}

TEST_CASE("vhd: what is not a VHD is refused when the user names the format", "[vhd][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("lie.vhd");
    for (const std::size_t length : {0u, 1u, 510u, 511u, 512u, 513u, 5000u}) {
        write_file(path, Bytes(length, std::byte{7}));
        CHECK_THAT(refusal_of(path, {{.format = "vpc"}}), ContainsSubstring("found neither"));
    }
}

TEST_CASE("vhd: a table entry that points outside the data is an error when it is reached", "[vhd][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("lie.vhd");
    const std::uint64_t data_sectors = sound().file().size() / 512 - 1;
    struct Entry {
        std::uint32_t value;
        std::string why;
    };
    for (const auto& [value, why] :
         {Entry{0, "over the headers"}, Entry{1, "over the headers"}, Entry{3, "over the headers"},
          Entry{static_cast<std::uint32_t>(data_sectors - 8), "past the end of the data"},
          Entry{static_cast<std::uint32_t>(data_sectors), "past the end of the data"},
          Entry{0x7fffffff, "past the end of the data"}, Entry{0xfffffffe, "past the end of the data"}}) {
        CAPTURE(value);
        Image image = sound();
        image.table[1] = value;
        image.save(path);
        const auto reader = open_image(path);
        CHECK(reader->extent_at(ByteOffset{0}) == Extent{ByteOffset{0}, kib(4), ExtentKind::data});
        Bytes bytes(4096);
        CHECK_NOTHROW(reader->read(ByteOffset{2 * 4096}, bytes));
        CHECK(bytes == Bytes(4096, std::byte{'c'}));
        const std::string expected = place(path, image.entry_at(1)) + "block table entry 1 (guest offset 4096)";
        CHECK_THROWS_WITH(reader->extent_at(ByteOffset{4096}),
                          Catch::Matchers::StartsWith(expected) && ContainsSubstring(why));
        CHECK_THROWS_WITH(reader->read(ByteOffset{4095}, ByteSpan(bytes).first(2)),
                          Catch::Matchers::StartsWith(expected));
    }
}

TEST_CASE("vhd: a table of 64 MiB costs no memory beyond its pages", "[vhd][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("huge.vhd");
    constexpr std::uint64_t entries = 16 << 20;
    Image image(std::uint64_t{512}, 512);
    image.size = entries * 512;
    image.entries = static_cast<std::uint32_t>(entries);
    Bytes file = image.file();
    const Bytes footer(file.end() - 512, file.end());
    write_file(path, ByteView(file).first(1536));
    {
        const File out = File::open(path, O_RDWR);
        out.write_all(ByteOffset{1536 + entries * 4 - 4}, Bytes(4, std::byte{0xff}));
        out.write_all(ByteOffset{1536 + entries * 4}, footer);
    }
    const auto reader = open_image(path);
    CHECK(reader->info().warnings.size() == 1);  // a hole of the file reads as entries of 0, all in one place
    CHECK_THROWS_WITH(reader->extent_at(ByteOffset{}), ContainsSubstring("over the headers"));
    CHECK(reader->extent_at(ByteOffset{image.size - 512}).kind == ExtentKind::unallocated);
}

TEST_CASE("vhd: every truncation is refused or reads the bytes that remain", "[vhd][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("cut.vhd");
    for (const std::uint32_t type : {3u, 4u}) {
        Image image = sound();
        image.type = type;
        const Bytes whole = image.file();
        write_file(path, whole);
        OpenOptions options;
        options.image.format = "vpc";
        options.image.backing = BackingUse::followed_if_possible;
        const Bytes guest = read_all(*open_image(path, options));
        for (std::size_t length = whole.size() - 2; length > 0; length -= length < 600 || length % 512 < 16 ? 1 : 7) {
            CAPTURE(type, length);
            std::filesystem::resize_file(path, length);
            try {
                const auto reader = open_image(path, options);
                CHECK(reader->info().warnings.size() == 1);  // only the copy of the footer is left
                for (std::uint64_t at = 0; at < guest.size(); at += 4096) {
                    Bytes bytes(4096);
                    try {
                        reader->read(ByteOffset{at}, bytes);
                        REQUIRE(std::equal(bytes.begin(), bytes.end(), guest.begin() + static_cast<long>(at)));
                    } catch (const Error& error) {
                        CHECK_THAT(error.what(), ContainsSubstring(path) && ContainsSubstring("block table entry"));
                    }
                }
            } catch (const Error& error) {
                CHECK_THAT(error.what(), ContainsSubstring("'" + path + "'"));
            }
        }
    }
}

TEST_CASE("vhd: flipped bits of footer, header and table are refused or read within the file", "[vhd][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("flip.vhd");
    const Bytes whole = sound().file();
    for (std::size_t bit = 0; bit < 1552 * 8; ++bit) {
        CAPTURE(bit);
        Bytes file = whole;
        file[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
        if (bit < 512 * 8) std::copy_n(file.begin(), 512, file.end() - 512);  // both footers, or the checksum decides
        write_file(path, file);
        try {
            const auto reader = open_image(path, {{.format = "vpc"}});
            const std::uint64_t size = reader->info().virtual_size.value;
            REQUIRE(size <= std::uint64_t{1} << 45);
            for (std::uint64_t at = 0, step = 0; at < size && step < 20; ++step) {
                const Extent extent = reader->extent_at(ByteOffset{at});
                Bytes some(std::min<std::uint64_t>(extent.length.value, 4096));
                reader->read(ByteOffset{at}, some);
                at = extent.end().value;
            }
            if (bit < 1536 * 8) CHECK(reader->info().warnings.size() >= 1);
        } catch (const Error& error) {
            CHECK_THAT(error.what(), ContainsSubstring(path));
        }
    }
}

TEST_CASE("vhd: the image builder of the tests shares nothing with the reader", "[vhd]") {
    for (const std::string name : {"builder.h", "builder.cpp"}) {
        std::ifstream source(test::source_path("tests/formats/vhd/" + name));
        REQUIRE(source);
        for (std::string line; std::getline(source, line);) {
            if (!line.starts_with("#include")) continue;
            INFO(line);
            CHECK((line.find('<') != std::string::npos || line == "#include \"tests/formats/vhd/builder.h\""));
        }
    }
}

}  // namespace varve::reader_test
