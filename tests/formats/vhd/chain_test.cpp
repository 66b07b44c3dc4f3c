// Differencing VHD images: sectors bit by bit, and the parent found by its recorded names and proved by its UUID.

#include <filesystem>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/contract/image_reader_contract.h"
#include "tests/formats/vhd/builder.h"
#include "tests/support/build_paths.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

namespace fs = std::filesystem;
using vhd_test::Image;
using vhd_test::Locator;

constexpr std::uint32_t block = 1 << 19;
constexpr std::uint32_t sectors_of_block = block / 512;

Bytes letters(char letter) { return Bytes(block, static_cast<std::byte>(letter)); }

Image base() {
    Image image(6 * block, block);
    for (const std::uint32_t i : {4u, 0u, 1u, 2u}) image.put(i, letters('b'));
    return image;
}

/// An image over `parent` that names it like Windows: with block 1 its own, and of block 3 every second sector.
Image child_of(const Image& parent, unsigned seed, const std::string& name = "base.vhd") {
    Image image(6 * block, block);
    image.type = 4;
    image.id = vhd_test::id_of(seed);
    image.parent = parent.id;
    image.parent_name = vhd_test::utf16_big("C:\\VMs\\" + name);
    image.locators = {{"W2ku", vhd_test::utf16_little("C:\\VMs\\" + name)},
                      {"W2ru", vhd_test::utf16_little(".\\" + name)}};
    image.put(1, letters('c'));
    std::vector<std::uint32_t> every_second;
    for (std::uint32_t i = 1; i < sectors_of_block; i += 2) every_second.push_back(i);
    image.put_sectors(3, letters('c'), every_second);
    return image;
}

/// What a guest sees of child_of(base()).
Bytes expected_guest() {
    Bytes guest(6 * block);
    for (const std::uint32_t i : {0u, 2u, 4u}) std::ranges::copy(letters('b'), guest.begin() + i * block);
    std::ranges::copy(letters('c'), guest.begin() + block);
    for (std::uint32_t i = 1; i < sectors_of_block; i += 2)
        std::fill_n(guest.begin() + 3 * block + i * 512, 512, std::byte{'c'});
    return guest;
}

/// How the parent is found by these names alone; empty: by none of them.
struct NamesCase {
    std::vector<Locator> locators;
    std::string name_in_header;
    std::string found;
};

}  // namespace

TEST_CASE("vhd: a differencing image shows its parent where a sector has no bit", "[vhd]") {
    const ScratchFolder folder;
    base().save(folder.file("base.vhd"));
    child_of(base(), 10).save(folder.file("child.vhd"));
    const OpenedImage image = open_image_chain(folder.file("child.vhd"));
    CHECK(writer_test::first_difference(read_all(*image.reader), expected_guest()) == std::nullopt);
    CHECK(image.reader->info().warnings.empty());
    CHECK(image.reader->info().features == std::vector<std::string>{"differencing"});
    CHECK(image.reader->info().backing == ".\\base.vhd");
    REQUIRE(image.layers.size() == 2);
    CHECK(image.layers[1].path.ends_with("/base.vhd"));
    CHECK(image.layers[1].format == "vpc");
    CHECK(image.reader->extent_at(ByteOffset{3 * block}) ==
          Extent{ByteOffset{3 * block}, {512}, ExtentKind::unallocated});
    CHECK(image.reader->extent_at(ByteOffset{3 * block + 512}) ==
          Extent{ByteOffset{3 * block + 512}, {512}, ExtentKind::data});
    CHECK(image.reader->extent_at(ByteOffset{4 * block}).kind == ExtentKind::data);
    CHECK(image.reader->extent_at(ByteOffset{5 * block}) ==
          Extent{ByteOffset{5 * block}, {block}, ExtentKind::unallocated});
}

TEST_CASE("vhd: a differencing image keeps the reader's contract", "[vhd]") {
    const ScratchFolder folder;
    Image parent(5 * 4096, 4096);
    parent.put(0, Bytes(4096, std::byte{1}));
    parent.put(2, Bytes(4096, std::byte{2}));
    parent.save(folder.file("base.vhd"));
    Image child(6 * 4096 - 100, 4096);
    child.type = 4;
    child.id = vhd_test::id_of(3);
    child.parent = parent.id;
    child.parent_name = vhd_test::utf16_big("base.vhd");
    child.put_sectors(2, Bytes(4096, std::byte{3}), {0, 1, 5, 7});
    child.put_sectors(5, Bytes(4096, std::byte{4}), {7});
    child.save(folder.file("child.vhd"));
    const auto reader = open_image(folder.file("child.vhd"));
    Bytes guest(6 * 4096);
    std::fill_n(guest.begin(), 4096, std::byte{1});
    std::fill_n(guest.begin() + 2 * 4096, 4096, std::byte{2});
    for (const int sector : {0, 1, 5, 7}) std::fill_n(guest.begin() + 2 * 4096 + sector * 512, 512, std::byte{3});
    std::fill_n(guest.begin() + 6 * 4096 - 512, 512, std::byte{4});
    guest.resize(6 * 4096 - 100);
    contract::check_image_reader(*reader, guest);
}

TEST_CASE("vhd: a chain may be long, and its images may differ in block size, bits and disk size", "[vhd]") {
    const ScratchFolder folder;
    std::mt19937_64 random(20261201);
    Image below(64 << 10, 4096);
    below.put(2, Bytes(4096, std::byte{'0'}));
    below.save(folder.file("0.vhd"));
    Bytes guest = read_all(*open_image(folder.file("0.vhd")));
    for (unsigned level = 1; level <= 40; ++level) {
        const std::uint32_t size = 512u << random() % 8;
        const std::size_t disk = (96 + random() % 64) * 512;
        Image image(disk, size);
        image.type = 4;
        image.id = vhd_test::id_of(level + 2);
        image.parent = below.id;
        image.locators = {{"W2ru", vhd_test::utf16_little(std::to_string(level - 1) + ".vhd")}};
        image.footer_length = level % 7 == 0 ? 511 : 512;
        guest.resize(std::min<std::size_t>(guest.size(), below.size));
        guest.resize(image.table.size() * size);
        for (std::uint32_t i = 0; i < image.table.size(); ++i) {
            if (random() % 4 != 0) continue;
            std::vector<std::uint32_t> sectors;
            for (std::uint32_t s = 0; s < size / 512; ++s)
                if (random() % 3 != 0) sectors.push_back(s);
            image.put_sectors(i, Bytes(size, static_cast<std::byte>(level)), sectors);
            for (const std::uint32_t s : sectors)
                std::fill_n(guest.begin() + static_cast<long>(std::size_t{i} * size + s * 512), 512,
                            static_cast<std::byte>(level));
        }
        guest.resize(disk);
        image.save(folder.file(std::to_string(level) + ".vhd"));
        below = image;
    }
    const auto reader = open_image(folder.file("40.vhd"));
    CHECK(writer_test::first_difference(read_all(*reader), guest) == std::nullopt);
    CHECK(reader->info().warnings.empty());
}

TEST_CASE("vhd: the parent may be fixed, whatever its first bytes are", "[vhd]") {
    const ScratchFolder folder;
    Bytes guest(8192, std::byte{'p'});
    std::ranges::copy(bytes_of(std::string_view("QFI\xfb\0\0\0\3", 8)), guest.begin());
    const Image parent = vhd_test::fixed_of(guest);
    parent.save(folder.file("base.vhd"));
    Image child(8192, 4096);
    child.type = 4;
    child.id = vhd_test::id_of(3);
    child.parent = parent.id;
    child.parent_name = vhd_test::utf16_big("base.vhd");
    child.put_sectors(1, Bytes(4096, std::byte{'c'}), {2});
    child.save(folder.file("child.vhd"));
    std::fill_n(guest.begin() + 4096 + 1024, 512, std::byte{'c'});
    CHECK(read_all(*open_image(folder.file("child.vhd"))) == guest);
}

TEST_CASE("vhd: the parent's names are tried in order, those of other hosts by their last part", "[vhd]") {
    const std::vector<NamesCase> cases{
        {{}, "base.vhd", "base.vhd"},
        {{}, "C:\\VMs\\disks\\base.vhd", "base.vhd"},
        {{}, "\\\\server\\share\\base.vhd", "base.vhd"},
        {{{"W2ru", vhd_test::utf16_little("sub\\other.vhd")}}, "base.vhd", "sub/other.vhd"},
        {{{"W2ru", vhd_test::utf16_little("gone.vhd")}, {"W2ku", vhd_test::utf16_little("D:\\x\\base.vhd")}},
         "",
         "base.vhd"},
        {{{"MacX", vhd_test::plain("file://localhost/vm/a%20b.vhd")}}, "", "a b.vhd"},
        {{{"MacX", vhd_test::plain("file://./sub/other.vhd")}}, "", "sub/other.vhd"},
        {{{"MacX", vhd_test::plain(std::string("file:///vm/base.vhd\0\0", 21))}}, "", "base.vhd"},
        {{{"W2ku", vhd_test::utf16_little("C:\\base.vhd")}, {"W2ru", vhd_test::utf16_little("sub\\other.vhd")}},
         "",
         "sub/other.vhd"},
        {{{"Wi2r", vhd_test::plain("base.vhd")}, {"zzzz", vhd_test::utf16_little("base.vhd")}}, "", ""},
        {{{"W2ru", vhd_test::utf16_little("base.vhd"), 1 << 30}}, "", ""},
        {{{"W2ru", vhd_test::utf16_little("base.vhd"), std::nullopt, 0xffffffff}}, "", ""},
        {{{"W2ru", vhd_test::utf16_little("base.vhd"), ~std::uint64_t{0} - 3}}, "", ""},
        {{{"W2ru", Bytes{std::byte{0}, std::byte{0xd8}}}}, "", ""},
        {{{"MacX", vhd_test::plain("http://host/base.vhd")}}, "", ""},
        {{{"MacX", vhd_test::plain("file:///base.vhd%4")}}, "", ""},
        {{}, "../base.vhd", "base.vhd"},
        {{}, "", ""},
    };
    const ScratchFolder folder;
    fs::create_directory(folder.path() / "sub");
    for (const std::string name : {"base.vhd", "sub/other.vhd", "a b.vhd"}) base().save(folder.file(name));
    for (const NamesCase& names : cases) {
        Image child = child_of(base(), 10);
        child.locators = names.locators;
        child.parent_name = vhd_test::utf16_big(names.name_in_header);
        child.save(folder.file("child.vhd"));
        CAPTURE(names.name_in_header, names.locators.size(), names.found);
        if (names.found.empty()) {
            CHECK_THAT(refusal_of(folder.file("child.vhd")),
                       ContainsSubstring("'{" + vhd_test::text_of_id(base().id) + "}'"));
            continue;
        }
        const OpenedImage image = open_image_chain(folder.file("child.vhd"));
        REQUIRE(image.layers.size() == 2);
        CHECK(image.layers[1].path == (fs::canonical(folder.path()) / names.found).string());
    }
}

TEST_CASE("vhd: a parent outside the allowed folders is not opened", "[vhd][bad-input]") {
    const ScratchFolder folder;
    fs::create_directory(folder.path() / "in");
    base().save(folder.file("base.vhd"));
    Image child = child_of(base(), 10);
    child.locators = {{"W2ru", vhd_test::utf16_little("..\\base.vhd")}};
    child.parent_name.clear();
    child.save(folder.file("in/child.vhd"));
    CHECK_THAT(refusal_of(folder.file("in/child.vhd")), ContainsSubstring("--allow-under"));
    child.locators = {{"W2ku", vhd_test::utf16_little("/etc/passwd")}};
    child.save(folder.file("in/child.vhd"));
    CHECK_THAT(refusal_of(folder.file("in/child.vhd")), ContainsSubstring("/etc/passwd"));
}

TEST_CASE("vhd: a parent with another UUID is refused, unless the user insists", "[vhd][bad-input]") {
    const ScratchFolder folder;
    Image other = base();
    other.id = vhd_test::id_of(77);
    other.save(folder.file("base.vhd"));
    child_of(base(), 10).save(folder.file("child.vhd"));
    CHECK_THAT(refusal_of(folder.file("child.vhd")),
               ContainsSubstring("is not the parent that the image above it is based on") &&
                   ContainsSubstring(vhd_test::text_of_id(base().id)) && ContainsSubstring("--ignore-cid"));
    OpenOptions options;
    options.image.ignore_content_ids = true;
    const auto reader = open_image(folder.file("child.vhd"), options);
    CHECK(read_all(*reader) == expected_guest());
    CHECK(reader->info().warnings.size() == 1);
    fs::rename(folder.file("base.vhd"), folder.file("elsewhere.vhd"));
    CHECK_THAT(refusal_of(folder.file("child.vhd")), ContainsSubstring("base.vhd"));
}

TEST_CASE("vhd: --backing names the parent of an image that records no name", "[vhd]") {
    const ScratchFolder folder;
    base().save(folder.file("other name.vhd"));
    Image child = child_of(base(), 10);
    child.locators.clear();
    child.parent_name.clear();
    child.save(folder.file("child.vhd"));
    OpenOptions options;
    options.image.backing_files = {folder.file("other name.vhd")};
    CHECK(read_all(*open_image(folder.file("child.vhd"), options)) == expected_guest());
}

TEST_CASE("vhd: Xen's image over a raw parent records no UUID, and the user declares the format", "[vhd]") {
    const ScratchFolder folder;
    write_file(folder.file("base.img"), Bytes(8192, std::byte{'r'}));
    Image child(8192, 4096);
    child.type = 4;
    child.locators = {{"MacX", vhd_test::plain("file://./base.img")}};
    child.put_sectors(0, Bytes(4096, std::byte{'c'}), {0});
    child.save(folder.file("child.vhd"));
    CHECK_THAT(refusal_of(folder.file("child.vhd")), ContainsSubstring("--backing-format raw"));
    OpenOptions options;
    options.image.backing_format = "raw";
    Bytes guest(8192, std::byte{'r'});
    std::fill_n(guest.begin(), 512, std::byte{'c'});
    CHECK(read_all(*open_image(folder.file("child.vhd"), options)) == guest);
}

TEST_CASE("vhd: a chain that loops is refused", "[vhd][bad-input]") {
    const ScratchFolder folder;
    Image a = child_of(base(), 10, "b.vhd");
    Image b = child_of(a, 11, "a.vhd");
    a.parent = b.id;
    a.save(folder.file("a.vhd"));
    b.save(folder.file("b.vhd"));
    CHECK_THAT(refusal_of(folder.file("a.vhd")), ContainsSubstring("loops"));
    a.parent = a.id;
    a.save(folder.file("a.vhd"));
    CHECK_THAT(refusal_of(folder.file("a.vhd")), ContainsSubstring("its own UUID as that of its parent"));
}

}  // namespace varve::reader_test
