// Reading single Parallels images in every layout that the format allows, with the same result as qemu.

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/contract/image_reader_contract.h"
#include "tests/formats/parallels/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using parallels_test::Image;

constexpr std::string_view old = "WithoutFreeSpace";

/// A disk with clusters in no order, and the bytes that the guest sees.
Bytes fill(Image& image, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<std::uint32_t> clusters(image.table.size());
    for (std::uint32_t i = 0; i < clusters.size(); ++i) clusters[i] = i;
    std::shuffle(clusters.begin(), clusters.end(), random);
    const std::size_t cluster_bytes = std::size_t{image.cluster_sectors} * 512;
    Bytes guest(image.table.size() * cluster_bytes);
    for (const std::uint32_t cluster : clusters) {
        if (random() % 3 == 0) continue;
        Bytes content(cluster_bytes);
        for (std::byte& byte : content) byte = static_cast<std::byte>(random() & 0xff);
        content.front() = std::byte{1};
        std::ranges::copy(content, guest.begin() + static_cast<std::ptrdiff_t>(cluster * cluster_bytes));
        image.put(cluster, content);
    }
    guest.resize(image.sectors * 512);
    return guest;
}

Bytes cluster_of(const Image& image, char letter) {
    return Bytes(std::size_t{image.cluster_sectors} * 512, static_cast<std::byte>(letter));
}

/// A small image whose extension lists these features.
Image with_features(const std::vector<parallels_test::Feature>& features) {
    Image image(40, 8);
    image.put(1, cluster_of(image, 'a'));
    image.extend(parallels_test::extension(8 * 512, features));
    return image;
}

}  // namespace

TEST_CASE("parallels: images that qemu-img creates read the same", "[parallels]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.hds");
    std::mt19937_64 random(20261201);
    for (const std::string cluster : {"1M", "64K", "32256", "4K"}) {
        for (const std::string size : {"512", "1M", "5M", "11264k", "64M"}) {
            CAPTURE(cluster, size);
            qemu_img({"create", "-q", "-f", "parallels", "-o", "cluster_size=" + cluster, path, size});
            const std::uint64_t bytes = open_image(path)->info().virtual_size.value;
            if (bytes >= 1 << 20) qemu_io(path, "parallels", random_commands(random, bytes, 1 << 20, 12, false));
            const auto reader = open_image(path);
            CHECK(reader->info().format == "parallels");
            CHECK(reader->info().warnings.empty());
            CHECK(reader->info().options.contains("cluster_size") == (cluster != "32256"));
            contract::check_image_reader(*reader, qemu_bytes(path, "parallels"));
        }
    }
}

TEST_CASE("parallels: a disk that qemu-img converts reads the same", "[parallels][pipeline]") {
    const ScratchFolder folder;
    const std::string raw = folder.file("disk.raw");
    const std::string path = folder.file("disk.hds");
    qemu_img({"create", "-q", "-f", "raw", raw, "9M"});
    qemu_io(raw, "raw", {"write -P 7 1M 300k", "write -P 8 5000k 2M", "write -P 9 9436672 512"});
    qemu_img({"convert", "-f", "raw", "-O", "parallels", raw, path});
    contract::check_image_reader(*open_image(path), writer_test::read_file(raw));
}

TEST_CASE("parallels: both magics, any cluster size and any place of the data are read as qemu reads them",
          "[parallels]") {
    struct Layout {
        std::string magic;
        std::uint64_t sectors;
        std::uint32_t cluster_sectors, first_place;
        std::optional<std::uint32_t> data_sector;
    };
    const std::string extended = "WithouFreSpacExt";
    std::uint64_t seed = 1;
    for (const Layout& layout :
         {Layout{std::string(old), 63 * 40, 63, 0, 0}, Layout{std::string(old), 63 * 40 - 5, 63, 7, std::nullopt},
          Layout{std::string(old), 10000, 504, 0, 0}, Layout{std::string(old), 10000, 512, 1001, std::nullopt},
          Layout{std::string(old), 100, 1, 0, std::nullopt}, Layout{extended, 20000, 2048, 0, std::nullopt},
          Layout{extended, 63 * 20 + 1, 63, 0, std::nullopt}, Layout{extended, 4097, 8, 80, std::nullopt},
          Layout{extended, 40000, 1, 0, std::nullopt}}) {
        CAPTURE(layout.magic, layout.sectors, layout.cluster_sectors, layout.first_place);
        Image image(layout.sectors, layout.cluster_sectors);
        image.magic = layout.magic;
        image.first_place = layout.first_place;
        image.data_sector = layout.data_sector;
        const Bytes guest = fill(image, ++seed);
        const ScratchFolder folder;
        const std::string path = folder.file("disk.hds");
        image.save(path);
        const auto reader = open_image(path);
        CHECK(reader->info().warnings.empty());
        CHECK(reader->info().cluster_size == ByteCount{layout.cluster_sectors * std::uint64_t{512}});
        contract::check_image_reader(*reader, guest);
        CHECK(qemu_bytes(path, "parallels") == guest);
        for (std::uint32_t cluster = 0; cluster < image.table.size(); ++cluster) {
            const ExtentKind kind = image.table[cluster] == 0 ? ExtentKind::unallocated : ExtentKind::data;
            REQUIRE(reader->extent_at(ByteOffset{cluster * reader->info().cluster_size.value}).kind == kind);
        }
    }
}

TEST_CASE("parallels: the old magic counts only the low half of the disk's sectors", "[parallels]") {
    const ScratchFolder folder;
    Image image(100, 63);
    image.magic = old;
    image.sectors |= std::uint64_t{0xabcd} << 32;
    image.save(folder.file("disk.hdd"));
    CHECK(open_image(folder.file("disk.hdd"))->info().virtual_size == ByteCount{51200});
}

TEST_CASE("parallels: a preallocated cluster is read only as far as it was written", "[parallels]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.hds");
    qemu_img({"create", "-q", "-f", "parallels", path, "8M"});
    qemu_io(path, "parallels", {"write -P 7 2M 4k"});
    qemu_img({"convert", "-f", "raw", "-O", "raw", path, folder.file("sparse.hds")});  // with holes, byte for byte
    const auto reader = open_image(folder.file("sparse.hds"));
    CHECK(reader->extent_at(ByteOffset{2 << 20}) == Extent{ByteOffset{2 << 20}, kib(4), ExtentKind::data});
    CHECK(reader->extent_at(ByteOffset{(2 << 20) + 4096}).kind == ExtentKind::zero);
    CHECK(reader->extent_at(ByteOffset{3 << 20}).kind == ExtentKind::unallocated);
}

TEST_CASE("parallels: an image that is marked as open is read, with a warning", "[parallels]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.hds");
    Image image(16, 8);
    image.put(0, cluster_of(image, 'a'));
    for (const std::uint32_t mark : {0x746f6e59u, 0x312e3276u, 0u, 0x37316470u}) {
        CAPTURE(mark);
        image.in_use = mark;
        image.save(path);
        const auto reader = open_image(path);
        const bool is_open = mark == 0x746f6e59;
        REQUIRE(reader->info().warnings.size() == (is_open ? 1u : 0u));
        if (is_open)
            CHECK_THAT(reader->info().warnings[0], ContainsSubstring("at byte 44: the image is marked as open"));
        CHECK(read_all(*reader).front() == std::byte{'a'});
    }
}

TEST_CASE("parallels: the table counts where header fields contradict it, with a warning", "[parallels]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.hds");
    Image image(16, 8);
    image.put(1, cluster_of(image, 'b'));
    image.flags = 1;
    image.data_sector = 0;
    image.save(path);
    const auto reader = open_image(path);
    REQUIRE(reader->info().warnings.size() == 2);
    CHECK_THAT(reader->info().warnings[0], ContainsSubstring("at byte 48: ") && ContainsSubstring("at least 1"));
    CHECK_THAT(reader->info().warnings[1],
               ContainsSubstring("at byte 68: ") && ContainsSubstring("the image is empty, but cluster 1"));
    CHECK(read_all(*reader).back() == std::byte{'b'});
}

TEST_CASE("parallels: two clusters that share a place are read, with a warning", "[parallels][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.hds");
    for (const bool is_old : {false, true}) {
        Image image(40, 8);
        if (is_old) image.magic = old;
        image.put(0, cluster_of(image, 'a'));
        image.put(1, cluster_of(image, 'b'));
        image.table[3] = image.table[1];
        image.save(path);
        const auto reader = open_image(path);
        REQUIRE(reader->info().warnings.size() == 1);
        CHECK_THAT(reader->info().warnings[0],
                   ContainsSubstring("'" + path + "' at byte " + std::to_string(image.entry_at(3))) &&
                       ContainsSubstring("table entry 3 has the place"));
        Bytes cluster(4096);
        reader->read(ByteOffset{3 * 4096}, cluster);
        CHECK(cluster == cluster_of(image, 'b'));
    }
}

TEST_CASE("parallels: dirty bitmaps are listed, as in an image that qemu opens", "[parallels][bitmaps]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.hds");
    Image image =
        with_features({{.data = parallels_test::bitmap(40, 8, 1)}, {.data = parallels_test::bitmap(40, 1, 1, 0xab)}});
    image.save(path);
    qemu_img({"info", "-f", "parallels", path});  // fails for an extension that qemu does not accept
    const auto info = open_image(path)->info();
    CHECK(info.warnings.empty());
    REQUIRE(info.bitmaps.size() == 2);
    CHECK(info.bitmaps[0].name == "00010203-0405-0607-0809-0a0b0c0d0e0f");
    CHECK(info.bitmaps[0].granularity == kib(4));
    CHECK(info.bitmaps[0].consistent);
    CHECK(info.bitmaps[0].enabled);
    CHECK_FALSE(info.bitmaps[0].in_use);
    CHECK(info.bitmaps[1].name == "ab010203-0405-0607-0809-0a0b0c0d0e0f");
    CHECK(info.bitmaps[1].granularity == ByteCount{512});
    image.in_use = 0;  // written by a program that does not maintain them
    image.save(path);
    CHECK_FALSE(open_image(path)->info().bitmaps[0].consistent);
    for (const auto& data :
         {parallels_test::bitmap(41, 8, 1), parallels_test::bitmap(40, 0, 1), parallels_test::bitmap(40, 3, 1),
          parallels_test::bitmap(40, 8, 0), parallels_test::bitmap(40, 8, 2)}) {
        with_features({{.data = data}}).save(path);
        const auto listed = open_image(path)->info().bitmaps;
        REQUIRE(listed.size() == 1);
        CHECK_FALSE(listed[0].consistent);
    }
}

TEST_CASE("parallels: an unknown feature is left out, but refused if the image needs it", "[parallels][bitmaps]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.hds");
    const parallels_test::Feature known{.data = parallels_test::bitmap(40, 8, 1)};
    for (const std::uint64_t flags : {std::uint64_t{0}, std::uint64_t{2}}) {
        with_features({{0x1122334455667788, flags, Bytes(13, std::byte{1})}, known}).save(path);
        CHECK(open_image(path)->info().bitmaps.size() == 1);
    }
    for (const std::uint64_t flags : {std::uint64_t{1}, std::uint64_t{3}}) {
        with_features({known, {0x1122334455667788, flags, Bytes(13, std::byte{1})}}).save(path);
        CHECK_THAT(refusal_of(path), ContainsSubstring("needs the feature 0x1122334455667788"));
    }
}

TEST_CASE("parallels: a damaged format extension is left out with a warning, and the disk is read",
          "[parallels][bad-input]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.hds");
    const auto warning_of = [&](const Image& image) {
        image.save(path);
        const auto reader = open_image(path);
        CHECK(read_all(*reader)[4096] == std::byte{'a'});
        CHECK(reader->info().bitmaps.empty());
        REQUIRE(reader->info().warnings.size() == 1);
        CHECK_THAT(reader->info().warnings[0], ContainsSubstring("bitmaps of the image were left out"));
        return reader->info().warnings[0];
    };
    const parallels_test::Feature good{.data = parallels_test::bitmap(40, 8, 1)};
    Image image = with_features({good});
    image.places.back()[100] ^= std::byte{1};
    CHECK_THAT(warning_of(image), ContainsSubstring("MD5"));
    image = with_features({good});
    image.places.back()[0] ^= std::byte{1};
    CHECK_THAT(warning_of(image), ContainsSubstring("the magic of a format extension"));
    for (const std::uint64_t at : {std::uint64_t{20}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
        image = with_features({good});
        image.extension_sector = at;
        CHECK_THAT(warning_of(image), ContainsSubstring("at byte 56: header field sector of the format extension"));
    }
    image = with_features({good});
    image.extension_sector = 0;
    image.save(path);
    CHECK(open_image(path)->info().warnings.empty());
    CHECK_THAT(warning_of(with_features({{.data = Bytes(31)}})), ContainsSubstring("at least 32 bytes, found 31"));
    CHECK_THAT(warning_of(with_features({{.data = {}, .length = 0xffffffff}})), ContainsSubstring("found 4294967295"));
    CHECK_THAT(warning_of(with_features({{.magic = 5, .data = Bytes(4048)}})),
               ContainsSubstring("expected 24 more bytes, found 0"));
}

TEST_CASE("parallels: an image by itself has no internal snapshots", "[parallels]") {
    const ScratchFolder folder;
    Image(16, 8).save(folder.file("disk.hds"));
    CHECK_THAT(refusal_of(folder.file("disk.hds"), {{.snapshot = "first"}}), ContainsSubstring("separate images"));
}

}  // namespace varve::reader_test
