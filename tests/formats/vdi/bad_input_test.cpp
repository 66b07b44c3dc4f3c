// Hostile and damaged VDI images: every invalid field of a header or map is an error that names the place. Such input
// neither takes memory nor causes other files to be opened.

#include <fcntl.h>
#include <filesystem>
#include <fstream>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/formats/vdi/builder.h"
#include "tests/support/build_paths.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using vdi_test::Image;

struct Lie {
    std::string what;
    std::function<void(Image&)> apply;
    std::uint64_t at;  ///< the byte that the error names
    std::string text;
};

Image sound() {
    Image image(4 * 4096, 4096);
    image.put(2, Bytes(4096, std::byte{'c'}));
    image.put(0, Bytes(4096, std::byte{'a'}));
    image.zero(3);
    return image;
}

std::string place(const std::string& path, std::uint64_t at) {
    return "'" + path + "' at byte " + std::to_string(at) + ": ";
}

}  // namespace

TEST_CASE("vdi: an invalid header is refused with field, expected and found value", "[vdi][bad-input]") {
    const std::vector<Lie> lies{
        {"block size 0", [](Image& i) { i.block_size = 0; }, 376, "block size: expected a power of two"},
        {"block size 3", [](Image& i) { i.block_size = 3; }, 376, "found 3"},
        {"block size 256", [](Image& i) { i.block_size = 256; }, 376, "at least 512, found 256"},
        {"block size 4097", [](Image& i) { i.block_size = 4097; }, 376, "found 4097"},
        {"block size -1", [](Image& i) { i.block_size = 0xffffffff; }, 376, "found 4294967295"},
        {"blocks -1", [](Image& i) { i.blocks = 0xffffffff; }, 384, "found 4294967295"},
        {"too few blocks", [](Image& i) { i.blocks = 3; }, 384, "at least 4 for 16384 bytes, found 3"},
        {"no blocks", [](Image& i) { i.blocks = 0; }, 384, "at least 4 for 16384 bytes, found 0"},
        {"more allocated than blocks", [](Image& i) { i.allocated = 5; }, 388, "at most 4, the number of blocks"},
        {"size 2^63", [](Image& i) { i.size = std::uint64_t{1} << 63; }, 368, "at most 9223372036854775807"},
        {"size -1", [](Image& i) { i.size = ~std::uint64_t{0}; }, 368, "size of the disk"},
        {"size one too large", [](Image& i) { i.size = 4 * 4096 + 1; }, 384, "at least 5"},
        {"size 2^53+1", [](Image& i) { i.size = (std::uint64_t{1} << 53) + 1; }, 384, "at least 2199023255553"},
        {"size 2^63-512", [](Image& i) { i.size = (std::uint64_t{1} << 63) - 512; }, 384, "number of blocks"},
        {"map in the header", [](Image& i) { i.map_at = 455; }, 340, "at least 456, after the header, found 455"},
        {"map at 0",
         [](Image& i) {
             i.map_at = 0;
             i.data_at = 4096;
         },
         340, "found 0"},
        {"map past the end",
         [](Image& i) {
             i.map_at = 0xffffffff;
             i.data_at = 4096;
         },
         384, "ends in the file"},
        {"data in the map", [](Image& i) { i.data_at = 527; }, 344, "at least 528, after the block map, found 527"},
        {"data at 0", [](Image& i) { i.data_at = 0; }, 344, "found 0"},
        {"short header", [](Image& i) { i.header_length = 383; }, 72, "at least 384, found 383"},
        {"header of 0", [](Image& i) { i.header_length = 0; }, 72, "found 0"},
        {"type 0", [](Image& i) { i.type = 0; }, 76, "expected 1 (dynamic), 2 (static) or 4 (differencing), found 0"},
        {"type 5", [](Image& i) { i.type = 5; }, 76, "found 5"},
        {"undo", [](Image& i) { i.type = 3; }, 76, "undo image"},
        {"a difference from nothing", [](Image& i) { i.type = 4; }, 424, "without the UUID of its parent"},
    };
    const ScratchFolder folder;
    const std::string path = folder.file("lie.vdi");
    for (const Lie& lie : lies) {
        CAPTURE(lie.what);
        Image image = sound();
        const Bytes honest = image.file();
        lie.apply(image);
        Bytes file = honest;  // only the header changes, the rest stays where it was
        Image header = image;
        header.map.clear();
        header.places.clear();
        if (!header.blocks) header.blocks = 4;
        if (!header.allocated) header.allocated = 2;
        if (!header.data_at) header.data_at = 528;
        const Bytes changed = header.file();
        std::copy_n(changed.begin(), 472, file.begin());
        write_file(path, file);
        const std::string refusal = refusal_of(path);
        CHECK_THAT(refusal, ContainsSubstring(place(path, lie.at)) && ContainsSubstring(lie.text));
    }
}

TEST_CASE("vdi: magic and version are checked when the user names the format", "[vdi][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("lie.vdi");
    Bytes file = sound().file();
    file[64] = std::byte{0};
    write_file(path, file);
    CHECK_THAT(refusal_of(path, {{.format = "vdi"}}), ContainsSubstring("VDI magic 0xbeda107f, found 0xbeda1000"));
    for (const std::uint32_t version : {0u, 1u, 3u, 0x00010000u, 0x00010002u, 0x00020001u, 0xffffffffu}) {
        file = sound().file();
        store_le<std::uint32_t>(ByteSpan(file).subspan(68, 4), version);
        write_file(path, file);
        CHECK_THAT(refusal_of(path), ContainsSubstring(place(path, 68) + "VDI version"));
    }
}

TEST_CASE("vdi: a map entry that points outside the file is an error when it is reached", "[vdi][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("lie.vdi");
    for (const std::uint32_t entry : {2u, 3u, 0x7fffffffu, 0x80000000u, 0xfffffffdu}) {
        for (const std::uint32_t allocated : {2u, 4u}) {
            CAPTURE(entry, allocated);
            Image image = sound();
            image.map[1] = entry;
            image.allocated = allocated;
            image.save(path);
            const auto reader = open_image(path);
            CHECK(reader->extent_at(ByteOffset{0}) == Extent{ByteOffset{0}, kib(4), ExtentKind::data});
            Bytes block(4096);
            CHECK_NOTHROW(reader->read(ByteOffset{2 * 4096}, block));
            CHECK(block == Bytes(4096, std::byte{'c'}));
            const std::string expected = place(path, image.entry_at(1)) + "block map entry 1 (guest offset 4096)";
            const bool is_counted = entry < allocated;
            const std::string why = is_counted ? "past the end of the file" : "the number of blocks with data";
            CHECK_THROWS_WITH(reader->extent_at(ByteOffset{4096}),
                              Catch::Matchers::StartsWith(expected) && ContainsSubstring(why));
            CHECK_THROWS_WITH(reader->read(ByteOffset{4095}, ByteSpan(block).first(2)),
                              Catch::Matchers::StartsWith(expected));
        }
    }
}

TEST_CASE("vdi: a map of 16 GiB costs no memory", "[vdi][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("huge.vdi");
    Image image(4096, 4096);
    image.put(0, Bytes(4096, std::byte{'a'}));
    image.data_at = 0xfffff000;
    image.blocks = 0x3ffffb00;
    image.size = std::uint64_t{0x3ffffb00} * 4096;
    const std::vector<std::vector<std::byte>> content = std::exchange(image.places, {});
    image.allocated = 1;
    image.save(path);
    {
        const File file = File::open(path, O_RDWR);
        file.write_all(ByteOffset{0xfffff000}, content[0]);
    }
    const auto reader = open_image(path);
    CHECK(reader->info().warnings.size() == 1);  // a hole of the file reads as entries of 0
    CHECK(reader->extent_at(ByteOffset{}).kind == ExtentKind::data);
    CHECK(reader->extent_at(ByteOffset{image.size - 4096}).length == kib(4));
}

TEST_CASE("vdi: every truncation is refused or reads the bytes that remain", "[vdi][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("cut.vdi");
    for (const bool is_old : {false, true}) {
        Image image = sound();
        image.is_old = is_old;
        const Bytes whole = image.file();
        image.save(path);
        const Bytes guest = read_all(*open_image(path));
        for (std::size_t length = whole.size() - 1; length > 68; length -= length < 600 || length % 4096 < 16 ? 1 : 7) {
            CAPTURE(is_old, length);
            std::filesystem::resize_file(path, length);
            unsigned damaged = 0;
            try {
                const auto reader = open_image(path);
                for (std::uint64_t at = 0; at < guest.size(); at += 4096) {
                    Bytes block(4096);
                    try {
                        reader->read(ByteOffset{at}, block);
                        REQUIRE(std::equal(block.begin(), block.end(), guest.begin() + static_cast<long>(at)));
                    } catch (const Error& error) {
                        CHECK_THAT(error.what(), ContainsSubstring(path) && ContainsSubstring("block map entry"));
                        ++damaged;
                    }
                }
            } catch (const Error& error) {
                CHECK_THAT(error.what(), ContainsSubstring(place(path, 0).substr(0, path.size() + 2)));
                ++damaged;
            }
            REQUIRE(damaged >= 1);
        }
    }
}

TEST_CASE("vdi: flipped bits of the header and the map are refused or read within the file", "[vdi][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("flip.vdi");
    const Image image = sound();
    const Bytes whole = image.file();
    for (std::size_t bit = 64 * 8; bit < 528 * 8; ++bit) {
        if (bit / 8 >= 84 && bit / 8 < 340) continue;  // the comment
        CAPTURE(bit);
        Bytes file = whole;
        file[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
        write_file(path, file);
        try {
            const auto reader = open_image(path, {{.format = "vdi"}});
            const std::uint64_t size = reader->info().virtual_size.value;
            REQUIRE(size <= std::uint64_t{1} << 45);
            for (std::uint64_t at = 0, step = 0; at < size && step < 20; ++step) {
                const Extent extent = reader->extent_at(ByteOffset{at});
                Bytes some(std::min<std::uint64_t>(extent.length.value, 4096));
                reader->read(ByteOffset{at}, some);
                at = extent.end().value;
            }
        } catch (const Error& error) {
            CHECK_THAT(error.what(), ContainsSubstring(path));
        }
    }
}

TEST_CASE("vdi: the image builder of the tests shares nothing with the reader", "[vdi]") {
    for (const std::string name : {"builder.h", "builder.cpp"}) {
        std::ifstream source(test::source_path("tests/formats/vdi/" + name));
        REQUIRE(source);
        for (std::string line; std::getline(source, line);) {
            if (!line.starts_with("#include")) continue;
            INFO(line);
            CHECK((line.find('<') != std::string::npos || line == "#include \"tests/formats/vdi/builder.h\""));
        }
    }
}

}  // namespace varve::reader_test
