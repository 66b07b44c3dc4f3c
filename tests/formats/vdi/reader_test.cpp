// Reading VDI images in every layout that the format allows, with the same result as VirtualBox and qemu.

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/contract/image_reader_contract.h"
#include "tests/formats/vdi/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using vdi_test::Image;

Bytes noise(std::mt19937_64& random, std::size_t length) {
    Bytes bytes(length);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 0xff);
    bytes.front() = std::byte{1};
    return bytes;
}

/// A disk with blocks of all three kinds, its places in no order, and the bytes that the guest sees.
Bytes fill(Image& image, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<std::uint32_t> blocks(image.map.size());
    for (std::uint32_t i = 0; i < blocks.size(); ++i) blocks[i] = i;
    std::shuffle(blocks.begin(), blocks.end(), random);
    Bytes guest(image.map.size() * image.block_size);
    for (const std::uint32_t block : blocks) {
        const auto dice = random() % 4;
        if (dice == 0) image.zero(block);
        if (dice < 2) continue;
        const Bytes content = noise(random, image.block_size);
        std::ranges::copy(content, guest.begin() + static_cast<std::ptrdiff_t>(std::size_t{block} * image.block_size));
        image.put(block, content);
    }
    guest.resize(image.size);
    return guest;
}

void check_reads(const Image& image, const Bytes& guest) {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.vdi");
    image.save(path);
    const auto reader = open_image(path);
    CHECK(reader->info().format == "vdi");
    CHECK(reader->info().warnings.empty());
    CHECK(reader->info().cluster_size == ByteCount{image.block_size});
    contract::check_image_reader(*reader, guest);
    for (std::uint32_t block = 0; block < image.map.size(); ++block) {
        const std::uint32_t entry = image.map[block];
        const ExtentKind kind = entry == vdi_test::entry_free   ? ExtentKind::unallocated
                                : entry == vdi_test::entry_zero ? ExtentKind::zero
                                                                : ExtentKind::data;
        REQUIRE(reader->extent_at(ByteOffset{std::uint64_t{block} * image.block_size}).kind == kind);
    }
}

}  // namespace

TEST_CASE("vdi: images that qemu-img creates read the same", "[vdi]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.vdi");
    std::mt19937_64 random(20261122);
    for (const std::string is_static : {"off", "on"}) {
        for (const std::string size : {"512", "1M", "5M", "11264k", "64M"}) {
            CAPTURE(is_static, size);
            qemu_img({"create", "-q", "-f", "vdi", "-o", "static=" + is_static, path, size});
            const std::uint64_t bytes = open_image(path)->info().virtual_size.value;
            if (bytes >= 1 << 20) qemu_io(path, "vdi", random_commands(random, bytes, 1 << 20, 12, false));
            const auto reader = open_image(path);
            CHECK(reader->info().options.at("static") == is_static);
            vdi_test::Id uuid{};
            const Bytes file = writer_test::read_file(path);
            std::copy_n(file.begin() + 392, uuid.size(), uuid.begin());
            CHECK(reader->info().options.at("uuid") == vdi_test::text_of_id(uuid));
            CHECK(reader->info().cluster_size == mib(1));
            CHECK(reader->info().warnings.empty());
            const Bytes expected = qemu_bytes(path, "vdi");
            CHECK(writer_test::first_difference(read_all(*reader), expected) == std::nullopt);
            contract::check_image_reader(*reader, expected);
        }
    }
}

TEST_CASE("vdi: a disk that qemu-img converts reads the same", "[vdi][pipeline]") {
    const ScratchFolder folder;
    const std::string raw = folder.file("disk.raw");
    const std::string path = folder.file("disk.vdi");
    qemu_img({"create", "-q", "-f", "raw", raw, "9M"});
    qemu_io(raw, "raw", {"write -P 7 1M 300k", "write -P 8 5000k 2M", "write -P 9 9436672 512"});
    for (const std::string is_static : {"off", "on"}) {
        qemu_img({"convert", "-f", "raw", "-O", "vdi", "-o", "static=" + is_static, raw, path});
        contract::check_image_reader(*open_image(path), writer_test::read_file(raw));
    }
}

TEST_CASE("vdi: any block size, extra bytes and offsets are read", "[vdi]") {
    struct Layout {
        std::uint32_t block_size, extra, map_at, gap, header_length;
        std::uint64_t size;
    };
    std::uint64_t seed = 1;
    for (const Layout& layout :
         {Layout{1 << 20, 0, 512, 0, 400, 5 << 20}, Layout{1 << 19, 0, 1 << 20, 0, 400, 5 << 20},
          Layout{8 << 20, 0, 512, 4096, 400, 20 << 20}, Layout{512, 0, 456, 0, 384, 100 * 512},
          Layout{4096, 512, 512, 7, 400, 40 * 4096}, Layout{4096, 1, 457, 3, 385, 40 * 4096 - 512},
          Layout{65536, 65536, 999, 1, 400, 3 * 65536 + 512}, Layout{2048, 0, 512, 0, 400, 33 * 2048 - 1},
          Layout{512, 0, 512, 0, 400, 40000 * 512}}) {
        CAPTURE(layout.block_size, layout.extra, layout.map_at, layout.size);
        Image image(layout.size, layout.block_size);
        image.extra = layout.extra;
        image.map_at = layout.map_at;
        image.gap_before_data = layout.gap;
        image.header_length = layout.header_length;
        const Bytes guest = fill(image, ++seed);
        check_reads(image, guest);
    }
}

TEST_CASE("vdi: images of version 0.2 are read", "[vdi]") {
    for (const std::uint32_t type : {1u, 2u}) {
        Image image(7 * 4096 - 512, 4096);
        image.is_old = true;
        image.type = type;
        const Bytes guest = fill(image, type);
        check_reads(image, guest);
    }
}

TEST_CASE("vdi: a map may have more entries than the disk has blocks", "[vdi]") {
    Image image(5 * 4096, 4096);
    const Bytes guest = fill(image, 5);
    image.map.resize(50000, 17);  // invalid entries that are never read
    image.allocated = 17;
    image.places.resize(17, Bytes(4096));
    const ScratchFolder folder;
    image.save(folder.file("disk.vdi"));
    contract::check_image_reader(*open_image(folder.file("disk.vdi")), guest);
}

TEST_CASE("vdi: the padding of the last block need not be in the file", "[vdi]") {
    Image image(3 * 4096 - 512, 4096);
    for (std::uint32_t block = 0; block < 3; ++block) image.put(block, Bytes(4096, std::byte{'x'}));
    Bytes file = image.file();
    file.resize(file.size() - 512);
    const ScratchFolder folder;
    write_file(folder.file("disk.vdi"), file);
    CHECK(read_all(*open_image(folder.file("disk.vdi"))) == Bytes(3 * 4096 - 512, std::byte{'x'}));
    file.pop_back();
    write_file(folder.file("disk.vdi"), file);
    const auto reader = open_image(folder.file("disk.vdi"));
    Bytes block(4096);
    CHECK_NOTHROW(reader->read(ByteOffset{4096}, block));
    CHECK_THROWS_AS(reader->extent_at(ByteOffset{2 * 4096}), Error);
}

TEST_CASE("vdi: two blocks that share a place are read, with a warning", "[vdi][bad-input]") {
    Image image(5 * 4096, 4096);
    image.put(0, Bytes(4096, std::byte{'a'}));
    image.put(1, Bytes(4096, std::byte{'b'}));
    image.map[3] = image.map[1];
    const ScratchFolder folder;
    const std::string path = folder.file("disk.vdi");
    image.save(path);
    const auto reader = open_image(path);
    REQUIRE(reader->info().warnings.size() == 1);
    CHECK_THAT(reader->info().warnings[0],
               ContainsSubstring("'" + path + "' at byte " + std::to_string(image.entry_at(3))) &&
                   ContainsSubstring("block map entry 3 has the place 1"));
    Bytes block(4096);
    reader->read(ByteOffset{3 * 4096}, block);
    CHECK(block == Bytes(4096, std::byte{'b'}));
}

TEST_CASE("vdi: a whole disk that names a parent is read, with a warning", "[vdi]") {
    Image image(4096, 4096);
    image.parent = vdi_test::id_of(9);
    const ScratchFolder folder;
    image.save(folder.file("disk.vdi"));
    const auto reader = open_image(folder.file("disk.vdi"));
    REQUIRE(reader->info().warnings.size() == 1);
    CHECK_THAT(reader->info().warnings[0], ContainsSubstring(vdi_test::text_of_id(image.parent)));
}

TEST_CASE("vdi: virtual sizes are exact", "[vdi][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.vdi");
    for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{511}, std::uint64_t{513},
                                     (std::uint64_t{1} << 32) - 1, std::uint64_t{1} << 32, (std::uint64_t{1} << 32) + 1,
                                     std::uint64_t{1} << 41, (std::uint64_t{1} << 48) + 513}) {
        CAPTURE(size);
        const Image image(size, 1u << 31);
        image.save(path);
        const auto reader = open_image(path);
        CHECK(reader->info().virtual_size == ByteCount{size});
        if (size == 0) continue;
        CHECK(reader->extent_at(ByteOffset{size - 1}) == Extent{ByteOffset{size - 1}, {1}, ExtentKind::unallocated});
        Bytes last(1, std::byte{1});
        reader->read(ByteOffset{size - 1}, last);
        CHECK(last[0] == std::byte{0});
    }
}

TEST_CASE("vdi: a block that is longer than the rest of the file is read up to the disk's end", "[vdi]") {
    const ScratchFolder folder;
    Image image(5000, 1u << 31);  // the file holds 5000 of the 2^31 bytes of its one block
    image.map[0] = 0;
    image.allocated = 1;
    Bytes file = image.file();
    const std::size_t begin = file.size();
    file.resize(begin + 5000, std::byte{'x'});
    write_file(folder.file("disk.vdi"), file);
    contract::check_image_reader(*open_image(folder.file("disk.vdi")), Bytes(5000, std::byte{'x'}));
}

TEST_CASE("vdi: an image has no internal snapshots", "[vdi]") {
    const ScratchFolder folder;
    Image(4096, 4096).save(folder.file("disk.vdi"));
    CHECK_THAT(refusal_of(folder.file("disk.vdi"), {{.snapshot = "first"}}), ContainsSubstring("separate files"));
}

}  // namespace varve::reader_test
