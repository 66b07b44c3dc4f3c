// Reading VHD images of every type, with the same result as qemu and libvhdi where they are right.

#include <fmt/format.h>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/contract/image_reader_contract.h"
#include "tests/formats/vhd/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using vhd_test::Image;

Bytes noise(std::mt19937_64& random, std::size_t length) {
    Bytes bytes(length);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 0xff);
    bytes.front() = std::byte{1};
    return bytes;
}

/// A disk whose blocks are in no order in the file, half of them absent, and the bytes that the guest sees.
Bytes fill(Image& image, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<std::uint32_t> blocks(image.table.size());
    for (std::uint32_t i = 0; i < blocks.size(); ++i) blocks[i] = i;
    std::shuffle(blocks.begin(), blocks.end(), random);
    Bytes guest(image.table.size() * image.block_size);
    for (const std::uint32_t block : blocks) {
        if (random() % 2 == 0) continue;
        const Bytes content = noise(random, image.block_size);
        std::ranges::copy(content, guest.begin() + static_cast<std::ptrdiff_t>(std::size_t{block} * image.block_size));
        image.put(block, content);
    }
    guest.resize(image.size);
    return guest;
}

void check_reads(const Image& image, const Bytes& guest) {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.vhd");
    image.save(path);
    const auto reader = open_image(path);
    CHECK(reader->info().format == "vpc");
    CHECK(reader->info().warnings.empty());
    CHECK(reader->info().cluster_size == ByteCount{image.block_size});
    CHECK(reader->info().options.at("subformat") == "dynamic");
    contract::check_image_reader(*reader, guest);
    for (std::uint32_t block = 0; block < image.table.size(); ++block)
        REQUIRE(reader->extent_at(ByteOffset{std::uint64_t{block} * image.block_size}).kind ==
                (image.is_place[block] ? ExtentKind::data : ExtentKind::unallocated));
}

ByteCount size_of(const Image& image, const ScratchFolder& folder) {
    image.save(folder.file("sized.vhd"));
    return open_image(folder.file("sized.vhd"))->info().virtual_size;
}

}  // namespace

TEST_CASE("vhd: images that qemu-img creates read the same", "[vhd]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.vhd");
    std::mt19937_64 random(20261201);
    for (const std::string subformat : {"dynamic", "fixed"}) {
        for (const std::string size : {"512", "1M", "5M", "11264k", "64M"}) {
            for (const std::string force : {"on", "off"}) {
                CAPTURE(subformat, size, force);
                const std::string options = fmt::format("subformat={},force_size={}", subformat, force);
                qemu_img({"create", "-q", "-f", "vpc", "-o", options, path, size});
                const std::uint64_t bytes = open_image(path)->info().virtual_size.value;
                if (bytes >= 1 << 20) qemu_io(path, "vpc", random_commands(random, bytes, 2 << 20, 12, false));
                const auto reader = open_image(path);
                CHECK(reader->info().options.at("subformat") == subformat);
                CHECK(reader->info().cluster_size == (subformat == "fixed" ? ByteCount{0} : mib(2)));
                CHECK(reader->info().warnings.empty());
                const Bytes expected = qemu_bytes(path, "vpc");
                CHECK(writer_test::first_difference(read_all(*reader), expected) == std::nullopt);
                contract::check_image_reader(*reader, expected);
            }
        }
    }
}

TEST_CASE("vhd: a disk that qemu-img converts reads the same", "[vhd][pipeline]") {
    const ScratchFolder folder;
    const std::string raw = folder.file("disk.raw");
    const std::string path = folder.file("disk.vhd");
    qemu_img({"create", "-q", "-f", "raw", raw, "9M"});
    qemu_io(raw, "raw", {"write -P 7 1M 300k", "write -P 8 5000k 2M", "write -P 9 9436672 512"});
    for (const std::string subformat : {"dynamic", "fixed"}) {
        qemu_img({"convert", "-f", "raw", "-O", "vpc", "-o", "force_size=on,subformat=" + subformat, raw, path});
        contract::check_image_reader(*open_image(path), writer_test::read_file(raw));
    }
}

TEST_CASE("vhd: any block size and places of header and table are read", "[vhd]") {
    struct Places {
        std::uint32_t block_size;
        std::uint64_t header_at, table_at, size;
    };
    std::uint64_t seed = 1;
    for (const Places& places :
         {Places{1 << 21, 512, 1536, 9 << 20}, Places{1 << 19, 512, 1536, 5 << 20}, Places{1 << 20, 1024, 512, 5 << 20},
          Places{512, 4096, 8192, 100 * 512}, Places{4096, 513, 1537, 40 * 4096 - 512},
          Places{2048, 512, 1536, 33 * 2048 - 1}, Places{512, 512, 1536, 40000 * 512}}) {
        CAPTURE(places.block_size, places.header_at, places.table_at, places.size);
        Image image(places.size, places.block_size);
        image.header_at = places.header_at;
        image.table_at = places.table_at;
        check_reads(image, fill(image, seed++));
    }
}

TEST_CASE("vhd: the bitmap of a dynamic image is ignored, as by qemu", "[vhd]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.vhd");
    std::mt19937_64 random(7);
    Image image(2 << 20, 2 << 20);
    image.creator = "qem2";
    image.put_sectors(0, noise(random, 2 << 20), {3, 9});
    image.save(path);
    const auto reader = open_image(path);
    CHECK(read_all(*reader) == qemu_bytes(path, "vpc"));
    CHECK(reader->extent_at(ByteOffset{}) == Extent{ByteOffset{}, mib(2), ExtentKind::data});
}

TEST_CASE("vhd: the parts of a fixed image that are holes of its file read as zero", "[vhd]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.vhd");
    qemu_img({"create", "-q", "-f", "vpc", "-o", "subformat=fixed,force_size=on", path, "16M"});
    qemu_io(path, "vpc", {"write -P 7 4M 1M"});
    const auto reader = open_image(path);
    CHECK(reader->extent_at(ByteOffset{mib(1).value}) == Extent{ByteOffset{mib(1).value}, mib(3), ExtentKind::zero});
    CHECK(reader->extent_at(ByteOffset{mib(4).value}) == Extent{ByteOffset{mib(4).value}, mib(1), ExtentKind::data});
    CHECK(reader->extent_at(ByteOffset{mib(5).value}).kind == ExtentKind::zero);
}

TEST_CASE("vhd: a fixed image is recognised by its footer, and its first bytes are the guest's", "[vhd]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.bin");
    std::mt19937_64 random(8);
    Bytes guest = noise(random, 40 << 10);
    vhd_test::fixed_of(guest).save(path);
    contract::check_image_reader(*open_image(path), guest);
    const Bytes inner = Image(4096, 4096).file();  // the guest holds another image
    std::ranges::copy(inner, guest.begin());
    vhd_test::fixed_of(guest).save(path);
    const auto reader = open_image(path);
    CHECK(read_all(*reader) == guest);
    CHECK(reader->info().warnings.empty());
    CHECK(reader->info().options.at("subformat") == "fixed");
}

TEST_CASE("vhd: a footer of 511 bytes is that of an old release of Virtual PC", "[vhd]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.vhd");
    std::mt19937_64 random(9);
    const Bytes guest = noise(random, 32 << 10);
    Image fixed = vhd_test::fixed_of(guest);
    fixed.footer_length = 511;
    fixed.save(path);
    CHECK(std::filesystem::file_size(path) == (32 << 10) + 511);
    contract::check_image_reader(*open_image(path), guest);
    Image dynamic(64 << 10, 4096);
    dynamic.footer_length = 511;
    check_reads(dynamic, fill(dynamic, 10));
}

TEST_CASE("vhd: of the footer and its copy one is enough, with a warning", "[vhd][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.vhd");
    Image image(64 << 10, 4096);
    const Bytes guest = fill(image, 11);
    const auto warnings_of = [&](const Image& changed) {
        changed.save(path);
        const auto reader = open_image(path, {{.format = "vpc"}});
        CHECK(read_all(*reader) == guest);
        return reader->info().warnings;
    };
    CHECK(warnings_of(image).empty());
    Image changed = image;
    changed.footer_checksum_off = 1;
    REQUIRE(warnings_of(changed).size() == 1);
    CHECK_THAT(warnings_of(changed)[0], ContainsSubstring("'" + path + "'") &&
                                            ContainsSubstring("footer at the end is damaged or missing; its copy"));
    changed.footer_length = 511;
    CHECK(warnings_of(changed).size() == 1);
    changed.footer_length = 0;
    CHECK(warnings_of(changed).size() == 1);
    changed = image;
    changed.copy_checksum_off = 1;
    REQUIRE(warnings_of(changed).size() == 1);
    CHECK_THAT(warnings_of(changed)[0], ContainsSubstring("the copy of the footer is damaged or missing"));
    changed.has_copy = false;
    CHECK(warnings_of(changed).size() == 1);
}

TEST_CASE("vhd: two sound footers that are not equal: the one at the end counts", "[vhd][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.vhd");
    Image image(64 << 10, 4096);
    const Bytes guest = fill(image, 12);
    Bytes file = image.file();
    Image other = image;
    other.size = 32 << 10;
    other.id = vhd_test::id_of(99);
    const Bytes copy = other.file();
    std::copy_n(copy.begin(), 512, file.begin());
    write_file(path, file);
    const auto reader = open_image(path);
    CHECK(read_all(*reader) == guest);
    REQUIRE(reader->info().warnings.size() == 1);
    CHECK_THAT(reader->info().warnings[0], ContainsSubstring("differs from the footer at the end in size of the disk, "
                                                             "UUID; that at the end was used"));
}

TEST_CASE("vhd: checksums that fit nowhere are accepted only where the fields prove themselves", "[vhd][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.vhd");
    Image image(64 << 10, 4096);
    const Bytes guest = fill(image, 13);
    image.footer_checksum_off = image.copy_checksum_off = 5;
    image.header_checksum_off = 1;
    image.save(path);
    const auto reader = open_image(path);
    CHECK(read_all(*reader) == guest);
    REQUIRE(reader->info().warnings.size() == 2);
    CHECK_THAT(reader->info().warnings[0], ContainsSubstring("because they are equal"));
    CHECK_THAT(reader->info().warnings[1], ContainsSubstring("checksum of the dynamic header"));
    image.copy_checksum_off = 6;
    image.save(path);
    CHECK_THAT(refusal_of(path), ContainsSubstring("footer checksum: expected 0x"));
    image.footer_checksum_off = image.copy_checksum_off = 0;
    image.entries = 17;
    image.save(path);
    CHECK_THAT(refusal_of(path), ContainsSubstring("at byte 548: dynamic header checksum: expected 0x"));
    Image fixed = vhd_test::fixed_of(guest);
    fixed.footer_checksum_off = 1;
    fixed.save(path);
    CHECK_THAT(refusal_of(path), ContainsSubstring("at byte 65600: footer checksum"));
}

TEST_CASE("vhd: the disk's size is that of the geometry where the creator uses it", "[vhd]") {
    const ScratchFolder folder;
    Image image(1 << 20, 1 << 19);  // 2048 sectors
    image.cylinders = 30;           // 2040 sectors
    for (const std::string creator : {"win ", "qem2", "d2v ", "vbox", "wa\0\0", "CTXS", "zzzz"}) {
        image.creator = creator;
        CHECK(size_of(image, folder) == mib(1));
    }
    for (const std::string creator : {"vpc ", "qemu"}) {
        image.creator = creator;
        CHECK(size_of(image, folder) == ByteCount{2040 * 512});
        const auto reader = open_image(folder.file("sized.vhd"));
        REQUIRE(reader->info().warnings.size() == 1);
        CHECK_THAT(reader->info().warnings[0], ContainsSubstring("records 1048576 bytes, and a geometry of 1044480"));
        CHECK(qemu_bytes(folder.file("sized.vhd"), "vpc").size() == 2040 * 512);
        Image other = image;
        other.cylinders = 0;
        CHECK(size_of(other, folder) == mib(1));
        other.cylinders = 31;  // more than the disk has
        CHECK(size_of(other, folder) == mib(1));
        other.cylinders = 65535;
        other.heads = 16;
        other.sectors_per_track = 255;
        CHECK(size_of(other, folder) == mib(1));
    }
}

TEST_CASE("vhd: Xen's batmap between table and blocks is ignored", "[vhd]") {
    Image image(64 << 10, 4096);
    image.creator = std::string("tap\0", 4);
    image.blocks_at = 8192;
    const Bytes guest = fill(image, 14);
    const ScratchFolder folder;
    Bytes file = image.file();
    std::ranges::copy(bytes_of("tdbatmap"), file.begin() + 2048);
    write_file(folder.file("disk.vhd"), file);
    const auto reader = open_image(folder.file("disk.vhd"));
    CHECK(read_all(*reader) == guest);
    CHECK(reader->info().warnings.empty());
}

TEST_CASE("vhd: a block that is longer than the rest of the file is read up to the disk's end", "[vhd]") {
    const ScratchFolder folder;
    Image image(5 << 9, 1u << 31);  // the file holds 2560 of the 2^31 bytes of its one block
    const std::uint64_t bitmap = image.bitmap_bytes();
    image.table[0] = 4;
    Bytes file = image.file();
    const Bytes footer(file.end() - 512, file.end());
    file.resize(2048);
    file.resize(2048 + bitmap);
    file.resize(file.size() + (5 << 9), std::byte{'x'});
    file.insert(file.end(), footer.begin(), footer.end());
    write_file(folder.file("disk.vhd"), file);
    contract::check_image_reader(*open_image(folder.file("disk.vhd")), Bytes(5 << 9, std::byte{'x'}));
}

TEST_CASE("vhd: blocks that overlap in the file give a warning", "[vhd][bad-input]") {
    const ScratchFolder folder;
    Image image(64 << 10, 4096);
    image.put(3, Bytes(4096, std::byte{3}));
    image.put(5, Bytes(4096, std::byte{5}));
    image.table[9] = static_cast<std::uint32_t>(image.place_at(0) / 512 + 8);
    image.save(folder.file("disk.vhd"));
    const auto reader = open_image(folder.file("disk.vhd"));
    REQUIRE(reader->info().warnings.size() == 1);
    CHECK_THAT(reader->info().warnings[0],
               ContainsSubstring(fmt::format("at byte {}: block table entries 3 and 9", image.entry_at(9))));
}

TEST_CASE("vhd: an image has no internal snapshots", "[vhd]") {
    const ScratchFolder folder;
    Image(4096, 4096).save(folder.file("disk.vhd"));
    CHECK_THAT(refusal_of(folder.file("disk.vhd"), {{.snapshot = "first"}}), ContainsSubstring("separate files"));
}

}  // namespace varve::reader_test
