// qcow2 images whose guest data is in an external data file: what is read from where, what the chain reports about it,
// and what is refused. reference_resolver_test.cpp covers which names are followed.

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/snapshot_change_source.h"
#include "tests/catch.h"
#include "tests/formats/qcow2/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using B = Qcow2Builder;

/// A disk of 64 clusters of 512 bytes with its data in "data", which is filled with 'd'.
B with_data_file(const ScratchFolder& folder, std::uint64_t data_bytes = 32768) {
    write_file(folder.file("data"), Bytes(static_cast<std::size_t>(data_bytes), std::byte{'d'}));
    return B().be64(72, 4).extension(104, 0x44415441, "data");
}

std::string refusal_of_image(const ScratchFolder& folder, const B& image) {
    write_file(folder.file("a"), image.view());
    return refusal_of(folder.file("a"));
}

}  // namespace

TEST_CASE("data files: the entries decide what is read, with the raw bit too", "[formats][qcow2]") {
    ScratchFolder folder;
    for (const std::uint64_t autoclear : {0u, 2u}) {
        B image = with_data_file(folder);
        // Data at offset 0 has only the COPIED bit; the data file's bytes for other entries are ignored.
        image.be64(88, autoclear).l2_entry(0, B::copied).l2_entry(2, 2 * 512 | B::copied).l2_entry(3, 3 * 512);
        image.l2_entry(4, 4 * 512 | 1).l2_entry(5, 1).l2_entry(6, B::copied | 1);
        write_file(folder.file("a"), image.view());
        const auto reader = open_image(folder.file("a"));
        const auto kinds = sector_kinds(*reader);
        using enum ExtentKind;
        CHECK(std::vector(kinds.begin(), kinds.begin() + 8) ==
              std::vector{data, unallocated, data, data, zero, zero, zero, unallocated});
        const std::string bytes(text_of(read_all(*reader)));
        CHECK(bytes.substr(0, 512) == std::string(512, 'd'));
        CHECK(bytes.substr(512, 512) == std::string(512, '\0'));
        CHECK(bytes.substr(1024, 1024) == std::string(1024, 'd'));
        CHECK(bytes.substr(2048) == std::string(32768 - 2048, '\0'));
        CHECK(reader->bytes_read().value == 3 * 512);
    }
}

TEST_CASE("data files: offset 0 is a cluster of subclusters only with the COPIED bit", "[formats][qcow2]") {
    ScratchFolder folder;
    write_file(folder.file("data"), Bytes(65536, std::byte{'d'}));
    B image(65536, 14);
    image.be64(72, 4 | 16).extension(104, 0x44415441, "data");
    image.be64(image.l2(), B::copied).be64(image.l2() + 8, 0x0000000200000001);
    write_file(folder.file("a"), image.view());
    const auto reader = open_image(folder.file("a"));
    CHECK(reader->extent_at(ByteOffset{0}) == Extent{ByteOffset{0}, ByteCount{512}, ExtentKind::data});
    CHECK(reader->extent_at(ByteOffset{512}) == Extent{ByteOffset{512}, ByteCount{512}, ExtentKind::zero});
    CHECK(reader->extent_at(ByteOffset{1024}).kind == ExtentKind::unallocated);
    CHECK(text_of(read_all(*reader)).substr(0, 513) == std::string(512, 'd') + '\0');
    CHECK_THAT(refusal_of_image(folder, image.be64(image.l2(), 0)),
               ContainsSubstring("an allocated subcluster without a cluster"));
}

TEST_CASE("data files: they are part of the chain, with a role, and recorded as options", "[formats][qcow2]") {
    ScratchFolder folder;
    const std::string data = folder.file("disk.data");
    for (const std::string raw : {"off", "on"}) {
        std::filesystem::remove(data);
        qemu_img({"create", "-q", "-f", "qcow2", "-o", fmt::format("data_file={},data_file_raw={}", data, raw),
                  folder.file("base.qcow2"), "1M"});
        qemu_img({"create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", folder.file("top.qcow2")});
        const OpenedImage image = open_image_chain(folder.file("top.qcow2"));
        const auto root = std::filesystem::canonical(folder.path());
        REQUIRE(image.layers.size() == 3);
        CHECK(image.layers[1].path == (root / "base.qcow2").string());
        CHECK(image.layers[1].role == LayerRole::image);
        CHECK(image.layers[2].path == (root / "disk.data").string());
        CHECK(image.layers[2].role == LayerRole::data_file);
        CHECK(image.layers[2].format == "raw");
        CHECK(image.layers[2].identity == File::open(data, 0).identity());
        CHECK(image.reader->info().options.count("data_file") == 0);
        const auto info = open_image(folder.file("base.qcow2"))->info();
        CHECK(info.options.at("data_file") == data);
        CHECK(info.options.at("data_file_raw") == raw);
        CHECK(info.features == (raw == "on" ? std::vector<std::string>{"data_file", "data_file_raw"}
                                            : std::vector<std::string>{"data_file"}));
    }
}

TEST_CASE("data files: the tables do not show what differs", "[formats][qcow2]") {
    ScratchFolder folder;
    write_file(folder.file("a"), with_data_file(folder).view());
    CHECK(changes_between_states(folder.file("a"), {}, {}) == nullptr);
}

TEST_CASE("data files: a data file that appears twice in a chain is refused", "[formats][qcow2][bad-input]") {
    ScratchFolder folder;
    const auto twice = [&] { return refusal_of(folder.file("a")); };
    const auto put = [&](const std::string& name, const std::string& data_file, const std::string& backing) {
        B image;
        // The backing format is not recorded: only a file with qcow2's magic is opened.
        if (!data_file.empty()) image.be64(72, 4).extension(104, 0x44415441, data_file);
        if (!backing.empty())
            image.be64(8, 300).be32(16, static_cast<std::uint32_t>(backing.size())).text(300, backing);
        write_file(folder.file(name), image.view());
    };
    write_file(folder.file("data"), Bytes(512));
    SECTION("the image itself") { put("a", "a", ""); }
    SECTION("the image itself by a hard link") {
        put("a", "link", "");
        std::filesystem::create_hard_link(folder.file("a"), folder.file("link"));
    }
    SECTION("its backing file") {
        put("b", "", "");
        put("a", "b", "b");
    }
    SECTION("the overlay, from below") {
        put("a", "", "b");
        put("b", "a", "");
    }
    SECTION("one data file for two images") {
        put("a", "data", "b");
        put("b", "data", "");
    }
    CHECK_THAT(twice(), ContainsSubstring("holds data of an image in the chain") && ContainsSubstring("occurs twice"));
}

TEST_CASE("data files: an error names the entry that does not fit the data file", "[formats][qcow2][bad-input]") {
    ScratchFolder folder;
    CHECK(refusal_of_image(folder, with_data_file(folder).l2_entry(1, 512)).empty());
    CHECK_THAT(refusal_of_image(folder, with_data_file(folder).l2_entry(1, 1024)),
               ContainsSubstring("L2 table 0 at offset 2048, entry 1: expected a cluster within the 32768 bytes of the "
                                 "data file, found a cluster whose place in the data file is not its place on the disk "
                                 "(offset 1024)"));
    CHECK_THAT(refusal_of_image(folder, with_data_file(folder).l2_entry(1, B::copied)), ContainsSubstring("place"));
    CHECK_THAT(refusal_of_image(folder, with_data_file(folder).l2_entry(1, 1024 | 1)), ContainsSubstring("place"));
    CHECK_THAT(refusal_of_image(folder, with_data_file(folder).l2_entry(1, B::compressed | 512)),
               ContainsSubstring("a compressed cluster, which cannot be in an external data file"));
    CHECK_THAT(refusal_of_image(folder, with_data_file(folder, 1000).l2_entry(2, 1024)),
               ContainsSubstring("within the 1000 bytes of the data file, found a cluster past the end of the file"));
    // Tables are read from the image, however long the data file is.
    CHECK_THAT(refusal_of_image(folder, with_data_file(folder).be64(3 * 512, 8192)),
               ContainsSubstring("an L2 table past the end of the file"));
}

TEST_CASE("data files: the missing tail of the last cluster reads as zeros", "[formats][qcow2][bad-input]") {
    ScratchFolder folder;
    write_file(folder.file("a"), with_data_file(folder, 1100).l2_entry(2, 1024).view());
    const std::string bytes(text_of(read_all(*open_image(folder.file("a")))));
    CHECK(bytes.substr(1024, 512) == std::string(76, 'd') + std::string(436, '\0'));
}

TEST_CASE("data files: a data file that shrinks while it is read is an error", "[formats][qcow2][bad-input]") {
    ScratchFolder folder;
    write_file(folder.file("a"), with_data_file(folder).l2_entry(2, 1024).l2_entry(3, 1536).view());
    const auto reader = open_image(folder.file("a"));
    std::filesystem::resize_file(folder.file("data"), 1300);
    Bytes bytes(1024);
    CHECK_THROWS_WITH(reader->read(ByteOffset{1024}, bytes),
                      ContainsSubstring("became shorter") && ContainsSubstring(folder.file("data")));
}

TEST_CASE("data files: headers that contradict the data file are refused", "[formats][qcow2][bad-input]") {
    ScratchFolder folder;
    CHECK_THAT(refusal_of_image(folder, B().be64(72, 4)),
               ContainsSubstring("external data file (incompatible feature bit 2): expected a header extension"));
    CHECK_THAT(refusal_of_image(folder, B(65536, 11).be64(72, 4).extension(104, 0x44415441, std::string(1024, 'x'))),
               ContainsSubstring("expected a text of at most 1023 bytes, found 1024"));
    CHECK_THAT(refusal_of_image(folder, with_data_file(folder).extension(120, 0x44415441, "data")),
               ContainsSubstring("found a second"));
    write_file(folder.file("base"), Bytes(512));
    CHECK_THAT(refusal_of_image(folder, with_data_file(folder).be64(88, 2).be64(8, 300).be32(16, 4).text(300, "base")),
               ContainsSubstring("raw external data file (autoclear feature bit 1): expected no backing file"));
    // A name without the bit that marks it as used, and a raw bit without a data file, are ignored.
    CHECK(refusal_of_image(folder, B().extension(104, 0x44415441, "/etc/passwd")).empty());
    CHECK(open_image_chain(folder.file("a")).layers.size() == 1);
    CHECK(refusal_of_image(folder, B().be64(88, 2).be64(8, 300).be32(16, 1).text(300, "x")).find("does not exist") !=
          std::string::npos);
}

TEST_CASE("data files: a snapshot of an image with a data file is refused, the active disk is read",
          "[formats][qcow2][bad-input]") {
    ScratchFolder folder;
    B image = with_data_file(folder);
    const std::uint64_t table = image.end();
    image.be32(60, 1).be64(64, table).be64(table, image.l1()).be32(table + 8, 1).be16(table + 12, 1);
    image.text(table + 40, "1").grow(table + 48);
    CHECK(refusal_of_image(folder, image).empty());
    CHECK_THAT(refusal_of(folder.file("a"), {{.snapshot = "1"}}),
               ContainsSubstring("internal snapshots with an external data file"));
}

}  // namespace varve::reader_test
