// Hostile and damaged Parallels images: every invalid field of a header or table is an error that names the place. Such
// input takes no memory.

#include <fcntl.h>
#include <filesystem>
#include <fstream>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/formats/parallels/builder.h"
#include "tests/support/build_paths.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using parallels_test::Image;

constexpr std::size_t cluster_bytes = 4096;

Image sound(bool is_old = false) {
    Image image(32, 8);
    if (is_old) image.magic = "WithoutFreeSpace";
    image.put(2, Bytes(cluster_bytes, std::byte{'c'}));
    image.put(0, Bytes(cluster_bytes, std::byte{'a'}));
    return image;
}

std::string place(const std::string& path, std::uint64_t at) {
    return "'" + path + "' at byte " + std::to_string(at) + ": ";
}

struct Lie {
    std::string what;
    std::function<void(Image&)> apply;
    std::uint64_t at;  ///< the byte that the error names
    std::string text;
};

}  // namespace

TEST_CASE("parallels: an invalid header is refused with field, expected and found value", "[parallels][bad-input]") {
    const std::vector<Lie> lies{
        {"version 0", [](Image& i) { i.version = 0; }, 16, "version 0 of the Parallels format"},
        {"version 3", [](Image& i) { i.version = 3; }, 16, "version 3 of the Parallels format"},
        {"cluster 0", [](Image& i) { i.cluster_sectors = 0; }, 28, "expected 1 to 4194303, found 0"},
        {"cluster 2^22", [](Image& i) { i.cluster_sectors = 1 << 22; }, 28, "found 4194304"},
        {"cluster -1", [](Image& i) { i.cluster_sectors = 0xffffffff; }, 28, "found 4294967295"},
        {"too few entries", [](Image& i) { i.entries = 3; }, 32, "at least 4 for 32 sectors, found 3"},
        {"no entries", [](Image& i) { i.entries = 0; }, 32, "found 0"},
        {"entries -1", [](Image& i) { i.entries = 0xffffffff; }, 32, "a table that ends in the file of"},
        {"entries 2^31", [](Image& i) { i.entries = 1u << 31; }, 32, "found 2147483648"},
        {"one sector too many", [](Image& i) { i.sectors = 33; }, 32, "at least 5 for 33 sectors, found 4"},
        {"sectors 2^54", [](Image& i) { i.sectors = std::uint64_t{1} << 54; }, 36, "at most 18014398509481983"},
        {"sectors -1", [](Image& i) { i.sectors = ~std::uint64_t{0}; }, 36, "found 18446744073709551615"},
        {"sectors 2^54-1", [](Image& i) { i.sectors = (std::uint64_t{1} << 54) - 1; }, 32, "at least"},
    };
    const ScratchFolder folder;
    const std::string path = folder.file("lie.hds");
    for (const Lie& lie : lies) {
        CAPTURE(lie.what);
        Bytes file = sound().file();
        Image header = sound();  // only the header changes, the rest stays where it was
        header.places.clear();
        header.first_place = 8;
        lie.apply(header);
        const Bytes changed = header.file();
        std::copy_n(changed.begin(), 64, file.begin());
        write_file(path, file);
        CHECK_THAT(refusal_of(path), ContainsSubstring(place(path, lie.at)) && ContainsSubstring(lie.text));
    }
}

TEST_CASE("parallels: the magic is checked when the user names the format", "[parallels][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("lie.hds");
    Image image = sound();
    image.magic = "WithoutFreeSpac_";
    image.save(path);
    CHECK_THAT(refusal_of(path, {{.format = "parallels"}}), ContainsSubstring("expected the magic WithoutFreeSpace"));
}

TEST_CASE("parallels: a table entry that points outside the data is an error when it is reached",
          "[parallels][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("lie.hds");
    for (const bool is_old : {false, true}) {
        const Image good = sound(is_old);
        const std::uint32_t past = good.entry_of(2);
        for (const std::uint32_t entry : {past, past + 1, 0x7fffffffu, 0x80000000u, 0xfffffffeu, 0xffffffffu}) {
            CAPTURE(is_old, entry);
            Image image = good;
            image.table[1] = entry;
            image.save(path);
            const auto reader = open_image(path);
            CHECK(reader->extent_at(ByteOffset{0}) == Extent{ByteOffset{0}, kib(4), ExtentKind::data});
            Bytes cluster(cluster_bytes);
            CHECK_NOTHROW(reader->read(ByteOffset{2 * cluster_bytes}, cluster));
            CHECK(cluster == Bytes(cluster_bytes, std::byte{'c'}));
            const std::string expected = place(path, image.entry_at(1)) + "table entry 1 (guest offset 4096): place ";
            CHECK_THROWS_WITH(reader->extent_at(ByteOffset{cluster_bytes}),
                              Catch::Matchers::StartsWith(expected) && ContainsSubstring("past the end of the file"));
            CHECK_THROWS_WITH(reader->read(ByteOffset{cluster_bytes - 1}, ByteSpan(cluster).first(2)),
                              Catch::Matchers::StartsWith(expected));
        }
    }
    Image image(512, 1);  // a table of more than a sector, which a cluster overlaps
    image.put(0, Bytes(512, std::byte{'a'}));
    image.table[1] = 4;
    image.save(path);
    CHECK_THROWS_WITH(open_image(path)->extent_at(ByteOffset{512}),
                      ContainsSubstring("expected a place from byte 2112 on, after the table, found 4 at byte 2048"));
}

TEST_CASE("parallels: a table of 16 GiB costs no memory", "[parallels][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("huge.hds");
    Image image(8, 8);
    image.entries = 0xffffffff;
    image.sectors = std::uint64_t{0xffffffff} * 8;
    image.save(path);
    std::filesystem::resize_file(path, std::uint64_t{17} << 30);
    const auto reader = open_image(path);
    CHECK(reader->info().virtual_size.value == image.sectors * 512);
    CHECK(reader->extent_at(ByteOffset{image.sectors * 512 - 512}).kind == ExtentKind::unallocated);
    Bytes last(512, std::byte{1});
    reader->read(ByteOffset{image.sectors * 512 - 512}, last);
    CHECK(is_zero(last));
}

TEST_CASE("parallels: every truncation is refused or reads the bytes that remain", "[parallels][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("cut.hds");
    for (const bool is_old : {false, true}) {
        const Image image = sound(is_old);
        const Bytes whole = image.file();
        image.save(path);
        const Bytes guest = read_all(*open_image(path));
        for (std::size_t length = whole.size() - 1; length > 16; length -= length < 600 ? 1 : 7) {
            CAPTURE(is_old, length);
            std::filesystem::resize_file(path, length);
            unsigned damaged = 0;
            try {
                const auto reader = open_image(path);
                for (std::uint64_t at = 0; at < guest.size(); at += cluster_bytes) {
                    Bytes cluster(cluster_bytes);
                    try {
                        reader->read(ByteOffset{at}, cluster);
                        REQUIRE(std::equal(cluster.begin(), cluster.end(), guest.begin() + static_cast<long>(at)));
                    } catch (const Error& error) {
                        CHECK_THAT(error.what(), ContainsSubstring(path) && ContainsSubstring("table entry"));
                        ++damaged;
                    }
                }
            } catch (const Error& error) {
                CHECK_THAT(error.what(), ContainsSubstring("'" + path + "'"));
                ++damaged;
            }
            REQUIRE(damaged >= 1);
        }
    }
}

TEST_CASE("parallels: the padding of the last cluster need not be in the file", "[parallels]") {
    Image image(17, 8);
    for (std::uint32_t cluster = 0; cluster < 3; ++cluster) image.put(cluster, Bytes(cluster_bytes, std::byte{'x'}));
    Bytes file = image.file();
    file.resize(file.size() - 7 * 512);
    const ScratchFolder folder;
    write_file(folder.file("disk.hds"), file);
    CHECK(read_all(*open_image(folder.file("disk.hds"))) == Bytes(17 * 512, std::byte{'x'}));
    file.pop_back();
    write_file(folder.file("disk.hds"), file);
    CHECK_THROWS_AS(open_image(folder.file("disk.hds"))->extent_at(ByteOffset{2 * cluster_bytes}), Error);
}

TEST_CASE("parallels: flipped bits of the header and the table are refused or read within the file",
          "[parallels][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("flip.hds");
    const Bytes whole = sound().file();
    for (std::size_t bit = 0; bit < 80 * 8; ++bit) {
        CAPTURE(bit);
        Bytes file = whole;
        file[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
        write_file(path, file);
        try {
            const auto reader = open_image(path, {{.format = "parallels"}});
            const std::uint64_t size = reader->info().virtual_size.value;
            REQUIRE(size <= std::uint64_t{1} << 34);
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

TEST_CASE("parallels: the image builder of the tests shares nothing with the reader", "[parallels]") {
    for (const std::string name : {"builder.h", "builder.cpp"}) {
        std::ifstream source(test::source_path("tests/formats/parallels/" + name));
        REQUIRE(source);
        for (std::string line; std::getline(source, line);) {
            if (!line.starts_with("#include")) continue;
            INFO(line);
            CHECK((line.find('<') != std::string::npos || line == "#include \"tests/formats/parallels/builder.h\""));
        }
    }
}

}  // namespace varve::reader_test
