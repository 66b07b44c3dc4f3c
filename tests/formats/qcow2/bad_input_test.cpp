// Hostile and damaged images, after the known weaknesses of image parsers. Each one is refused with an error that names
// the place, or read as it should be.

#include <functional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zlib.h>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/formats/qcow2/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using namespace std::string_literals;
using B = Qcow2Builder;

struct Case {
    std::string what;
    std::function<void(B&)> change;  ///< applied to an empty disk of 64 clusters of 512 bytes
    std::string message;             ///< a part of the refusal; empty: it must be read
};

/// Passes to `check` each case, its image, and the path where it is to be written.
template <typename Check>
void for_each_image(const std::vector<Case>& cases, const B& base, const Check& check) {
    ScratchFolder folder;
    const std::string path = folder.file("bad.qcow2");
    for (const Case& c : cases) {
        INFO(c.what);
        B image = base;
        c.change(image);
        check(c, image, path);
    }
}

void run(const std::vector<Case>& cases, const B& base = B()) {
    for_each_image(cases, base, [](const Case& c, B& image, const std::string& path) {
        write_file(path, image.view());
        const std::string refusal = refusal_of(path);
        if (c.message.empty())
            CHECK(refusal == "");
        else
            CHECK_THAT(refusal, ContainsSubstring(c.message) && ContainsSubstring(path));
    });
}

/// The disk is read in spite of the damage, with a warning that has `message` in it.
void run_warned(const std::vector<Case>& cases, const B& base = B()) {
    for_each_image(cases, base, [](const Case& c, B& image, const std::string& path) {
        image.data_cluster(1, 'd');
        write_file(path, image.view());
        REQUIRE(refusal_of(path) == "");
        const auto reader = open_image(path);
        CHECK(text_of(read_all(*reader)).substr(512, 512) == std::string(512, 'd'));
        const std::string warnings = fmt::to_string(fmt::join(reader->info().warnings, "\n"));
        if (c.message.empty())
            CHECK(warnings == "");
        else
            CHECK_THAT(warnings, ContainsSubstring(c.message) && ContainsSubstring(path));
    });
}

/// An empty disk of 4 clusters of 16 KiB with subclusters of 512 bytes.
B with_subclusters() { return B(65536, 14).be64(72, 16); }

/// The words of extended L2 entry `index`.
B& extended_entry(B& image, std::uint64_t index, std::uint64_t entry, std::uint64_t bitmap) {
    return image.be64(image.l2() + index * 16, entry).be64(image.l2() + index * 16 + 8, bitmap);
}

std::string deflated(const std::string& plain) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, -12, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out(plain.size() + 100, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(out.size() - stream.avail_out);
    deflateEnd(&stream);
    return out;
}

/// Puts `stream` into the file as the compressed guest cluster 0; its entry states `sectors` sectors.
void compressed_cluster(B& image, const std::string& stream, std::uint64_t sectors = 1) {
    const std::uint64_t at = image.end();
    image.text(at, stream).grow(at + 512);
    image.l2_entry(0, B::compressed | (sectors - 1) << 61 | at);
}

}  // namespace

TEST_CASE("qcow2: oversized tables are refused before anything is allocated", "[formats][qcow2][bad-input]") {
    run({
        {"l1_size 2^32-1", [](B& i) { i.be32(36, 0xffffffff); }, "expected at most 4194304 entries, found 4294967295"},
        {"l1_size just past the limit", [](B& i) { i.be32(36, 4194305); }, "expected at most 4194304"},
        {"l1_size past the end of the file", [](B& i) { i.be32(36, 4194304); }, "found the end of the file at 2560"},
        {"l1_size 0", [](B& i) { i.be32(36, 0); }, "expected at least 1 entries"},
        {"l1 past the end", [](B& i) { i.be64(40, 1 << 20); }, "L1 table of the active disk"},
        {"l1 near 2^64", [](B& i) { i.be64(40, ~std::uint64_t{511}); }, "L1 table of the active disk"},
        {"l1 not aligned", [](B& i) { i.be64(40, 1537); }, "multiple of 512"},
        {"size larger than the L1 table", [](B& i) { i.be64(24, 1 << 30); }, "expected at least 32768 entries"},
    });
}

TEST_CASE("qcow2: cluster sizes out of range are refused", "[formats][qcow2][bad-input]") {
    std::vector<Case> cases;
    for (const std::uint32_t bits : {0u, 1u, 8u, 22u, 31u, 63u, 64u, 0xffffffffu})
        cases.push_back(
            {"cluster_bits", [bits](B& i) { i.be32(20, bits); }, "cluster_bits at byte 20: expected 9 to 21"});
    run(cases);
}

TEST_CASE("qcow2: damaged refcounts do not matter to the disk", "[formats][qcow2][bad-input]") {
    run_warned({
        {"refcount table of 0 clusters", [](B& i) { i.be32(56, 0); }, "refcount_table_clusters"},
        {"refcount table too long", [](B& i) { i.be32(56, 0xffffffff); }, "refcount_table_clusters"},
        {"refcount table not aligned", [](B& i) { i.be64(48, 1); }, "refcount_table_offset"},
        {"refcount table past the end", [](B& i) { i.be64(48, 1 << 30); }, "refcount table"},
        {"refcount_order", [](B& i) { i.be32(96, 7); }, "refcount_order at byte 96: expected 0 to 6"},
        {"refcount_order 2^32-1", [](B& i) { i.be32(96, 0xffffffff); }, "refcount_order at byte 96"},
        {"sound", [](B&) {}, ""},
    });
}

TEST_CASE("qcow2: an error names the table entry that points outside the file", "[formats][qcow2][bad-input]") {
    run({
        {"L2 table partly past the end", [](B& i) { i.be64(i.l1(), i.end()).grow(i.end() + 504); }, "L1 entry 0"},
        {"L2 table past the end", [](B& i) { i.be64(i.l1(), 1 << 20); },
         "an L2 table past the end of the file (offset 1048576)"},
        {"L2 table at 2^55", [](B& i) { i.be64(i.l1(), std::uint64_t{1} << 55); }, "L1 entry 0"},
        {"L1 reserved bits", [](B& i) { i.be64(i.l1(), i.l2() | 1); }, "reserved bits"},
        {"L1 reserved high bits", [](B& i) { i.be64(i.l1(), i.l2() | std::uint64_t{1} << 60); }, "reserved bits"},
        {"data past the end", [](B& i) { i.l2_entry(5, i.end()); }, "L2 table 0 at offset 2048, entry 5"},
        {"data at 2^55", [](B& i) { i.l2_entry(5, std::uint64_t{1} << 55); }, "a cluster past the end of the file"},
        {"L2 reserved bits", [](B& i) { i.l2_entry(5, i.l2() | 4); }, "reserved bits"},
        {"L2 reserved high bits", [](B& i) { i.l2_entry(63, i.l2() | std::uint64_t{1} << 61); }, "entry 63"},
        {"all bits", [](B& i) { i.l2_entry(1, ~std::uint64_t{0}); }, "entry 1"},
        {"compressed past the end", [](B& i) { i.l2_entry(2, B::compressed | 1 << 20); }, "entry 2"},
        {"compressed beyond 2^56", [](B& i) { i.l2_entry(2, B::compressed | std::uint64_t{1} << 57); }, "beyond 2^56"},
        {"zero over a lost cluster", [](B& i) { i.l2_entry(2, std::uint64_t{1} << 40 | 1); }, ""},
        {"data partly past the end", [](B& i) { i.data_cluster(3, 'd').cut(i.end() - 100); }, ""},
    });
    run({{"zero flag in version 2", [](B& i) { i.l2_entry(0, 1); }, "the zero flag in a version 2 image"}},
        B(32768, 9, 2));

    ScratchFolder folder;
    write_file(folder.file("big"), B(std::uint64_t{1} << 20, 12).l2_entry(0, 0x5200).grow(0x6000).view());
    CHECK_THAT(refusal_of(folder.file("big")), ContainsSubstring("not cluster-aligned"));
    write_file(folder.file("big"), B(std::uint64_t{1} << 20, 12).be64(3 << 12, 0x4200).view());
    CHECK_THAT(refusal_of(folder.file("big")), ContainsSubstring("an L2 table that is not cluster-aligned"));
}

TEST_CASE("qcow2: damage in one place leaves the rest readable", "[formats][qcow2][bad-input]") {
    ScratchFolder folder;
    B image;
    image.data_cluster(0, 'a').data_cluster(2, 'c').l2_entry(1, std::uint64_t{1} << 50);
    write_file(folder.file("a"), image.view());
    const auto reader = open_image(folder.file("a"));
    CHECK(reader->extent_at(ByteOffset{}) == Extent{ByteOffset{}, ByteCount{512}, ExtentKind::data});
    CHECK_THROWS_AS(reader->extent_at(ByteOffset{512}), Error);
    CHECK(reader->extent_at(ByteOffset{1024}) == Extent{ByteOffset{1024}, ByteCount{512}, ExtentKind::data});
    Bytes bytes(512);
    reader->read(ByteOffset{1024}, bytes);
    CHECK(text_of(bytes).front() == 'c');
    Bytes both(1536);
    CHECK_THROWS_AS(reader->read(ByteOffset{}, both), Error);
}

TEST_CASE("qcow2: the missing tail of the last cluster reads as zeros", "[formats][qcow2][bad-input]") {
    ScratchFolder folder;
    B image;
    image.data_cluster(0, 'a').cut(image.end() - 100);
    write_file(folder.file("a"), image.view());
    const Bytes bytes = read_all(*open_image(folder.file("a")));
    CHECK(bytes[411] == std::byte{'a'});
    CHECK(is_zero(ByteView(bytes).subspan(412, 100)));
}

TEST_CASE("qcow2: overlapping metadata is read, with a warning", "[formats][qcow2][bad-input]") {
    ScratchFolder folder;
    const std::string path = folder.file("a");
    const auto warnings = [&](const B& image) {
        write_file(path, image.view());
        const OpenedImage opened = open_image_chain(path);
        static_cast<void>(refusal_of(path));
        return opened.reader->info().warnings;
    };
    CHECK(warnings(B()).empty());
    REQUIRE(warnings(B().be64(40, 0)).size() == 1);
    CHECK_THAT(warnings(B().be64(40, 0))[0],
               ContainsSubstring("its header at offset 0 overlaps its L1 table at offset 0"));
    CHECK_THAT(warnings(B().be64(48, 3 * 512))[0],
               ContainsSubstring("L1 table at offset 1536 overlaps its refcount table"));
    // Overlapping tables of the map are followed as they are: only a walk of the whole map could detect them.
    B shared(65536);
    shared.data_cluster(1, 'x').be64(shared.l1() + 8, shared.l2());
    CHECK(warnings(shared).empty());
    const Bytes bytes = read_all(*open_image(path));
    CHECK(bytes[512] == std::byte{'x'});
    CHECK(bytes[32768 + 512] == std::byte{'x'});
    B loop;
    loop.be64(loop.l1(), loop.l1());  // the L2 table is the L1 table
    CHECK(warnings(loop).empty());
}

TEST_CASE("qcow2: invalid compressed clusters are reported as damage", "[formats][qcow2][bad-input]") {
    const std::string plain(512, 'p');
    const std::string short_frame = "\x28\xb5\x2f\xfd\x20\x01\x09\x00\x00q"s;  // one byte
    const std::string empty_frame = "\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00"s;   // no byte
    const std::string huge_window = "\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00"s;   // window of 2^31, no byte
    std::string many_empty;
    for (int i = 0; i < 50; ++i) many_empty += empty_frame;
    const auto zstd = [](B& i) -> B& { return i.be64(72, 8).be32(100, 112).u8(104, 1); };
    run({
        {"sound", [&](B& i) { compressed_cluster(i, deflated(plain)); }, ""},
        {"too short", [&](B& i) { compressed_cluster(i, deflated(plain.substr(1))); },
         "expected a zlib stream of 512 bytes, found 511"},
        {"longer than a cluster is cut", [&](B& i) { compressed_cluster(i, deflated(std::string(1 << 20, 'p')), 2); },
         ""},
        {"cut", [&](B& i) { compressed_cluster(i, deflated(plain).substr(0, 3)); },
         "compressed cluster at offset 2560"},
        {"garbage", [&](B& i) { compressed_cluster(i, std::string(512, '\xff')); }, "zlib"},
        {"zstd frame too short", [&](B& i) { compressed_cluster(zstd(i), short_frame); }, "zstd"},
        {"zstd frames without bytes", [&](B& i) { compressed_cluster(zstd(i), many_empty); }, "zstd"},
        {"zstd window of 2 GiB", [&](B& i) { compressed_cluster(zstd(i), huge_window); }, "zstd"},
        {"zstd garbage", [&](B& i) { compressed_cluster(zstd(i), std::string(512, 'x')); },
         "expected a zstd stream of 512 bytes"},
    });
}

TEST_CASE("qcow2: one stream shared by many clusters is inflated once", "[formats][qcow2][bad-input]") {
    ScratchFolder folder;
    B image;
    const std::uint64_t at = image.end();
    image.text(at, deflated(std::string(512, 'p'))).grow(at + 512);
    for (std::uint64_t cluster = 0; cluster < 64; ++cluster) image.l2_entry(cluster, B::compressed | at);
    write_file(folder.file("a"), image.view());
    CHECK(text_of(read_all(*open_image(folder.file("a")))) == std::string(32768, 'p'));
}

TEST_CASE("qcow2: an invalid snapshot table does not matter to the active disk", "[formats][qcow2][bad-input]") {
    const auto one = [](B& i) -> B& { return i.be32(60, 1).be64(64, i.end()).grow(i.end() + 512); };
    run_warned({
        {"2^32-1 snapshots", [](B& i) { i.be32(60, 0xffffffff).be64(64, 512); },
         "nb_snapshots at byte 60: expected at most 65536"},
        {"65536 snapshots in a small file", [](B& i) { i.be32(60, 65536).be64(64, i.end()).grow(i.end() + 512); },
         "snapshot table"},
        {"table past the end", [](B& i) { i.be32(60, 1).be64(64, 1 << 20); }, "snapshot table"},
        {"table not aligned", [](B& i) { i.be32(60, 1).be64(64, 77); }, "snapshots_offset"},
        {"extra data of 2^31", [&](B& i) { one(i).be32(i.end() - 512 + 36, 0x80000000); },
         "at most 1024 bytes of extra data"},
        {"names past the end", [&](B& i) { one(i).be16(i.end() - 512 + 14, 0xffff); }, "expected 65535 more bytes"},
        {"L1 of 2^31 entries", [&](B& i) { one(i).be32(i.end() - 512 + 8, 0x80000000); },
         "expected an L1 table of at most"},
        {"L1 not aligned", [&](B& i) { one(i).be64(i.end() - 512, 3); }, "expected an L1 offset"},
        {"disk size of 2^63",
         [&](B& i) { one(i).be32(i.end() - 512 + 36, 16).be64(i.end() - 512 + 48, std::uint64_t{1} << 63); },
         "disk size"},
        {"sound", [&](B& i) { one(i).be64(i.end() - 512, 1536).be32(i.end() - 512 + 8, 1); }, ""},
    });
    ScratchFolder folder;
    B image;
    one(image).be16(image.end() - 512 + 12, 1).text(image.end() - 512 + 40, "7");
    write_file(folder.file("a"), image.view());
    CHECK_THAT(refusal_of(folder.file("a"), {{.snapshot = "7"}}), ContainsSubstring("L1 table of snapshot '7'"));
    image.be32(60, 2).be32(image.end() - 512 + 48 + 36, 0x80000000);  // the extra data of the second
    write_file(folder.file("a"), image.view());
    CHECK(open_image(folder.file("a"))->info().snapshots.size() == 1);
    CHECK_THAT(open_image(folder.file("a"))->info().warnings.at(0), ContainsSubstring("1 of 2 can be used"));
    CHECK_THAT(refusal_of(folder.file("a"), {{.snapshot = "8"}}), ContainsSubstring("snapshot table entry 1"));
    CHECK_THAT(refusal_of(folder.file("a"), {{.snapshot = "7"}}), ContainsSubstring("L1 table of snapshot '7'"));
}

TEST_CASE("qcow2: an invalid bitmap directory does not matter to the disk", "[formats][qcow2][bad-input]") {
    // The directory is one cluster at the end of the file.
    constexpr std::uint64_t begin = 5 * 512;
    const auto directory = [](B& i, std::uint32_t count, std::uint64_t bytes) -> B& {
        i.grow(begin + 512).be64(88, 1).extension(104, 0x23852875, std::string(24, '\0'));
        return i.be32(112, count).be64(120, bytes).be64(128, begin);
    };
    const auto entry = [](B& i, std::uint64_t at, std::uint8_t granularity, const std::string& name) -> B& {
        i.be64(at, 0).be32(at + 8, 1).be32(at + 12, 2).u8(at + 16, 1).u8(at + 17, granularity);
        return i.be16(at + 18, static_cast<std::uint16_t>(name.size())).text(at + 24, name);
    };
    run_warned({
        {"no bitmap", [&](B& i) { directory(i, 0, 32); }, "expected 1 to 65535 bitmaps, found 0"},
        {"2^32-1 bitmaps", [&](B& i) { directory(i, 0xffffffff, 512); }, "expected 1 to 65535 bitmaps"},
        {"a directory of 2^63 bytes", [&](B& i) { directory(i, 1, std::uint64_t{1} << 63); },
         "bitmap directory: expected a length"},
        {"a directory past the end", [&](B& i) { directory(i, 1, 32).be64(128, 1 << 20); },
         "found the end of the file"},
        {"a directory that is not aligned", [&](B& i) { directory(i, 1, 32).be64(128, 8); }, "multiple of 512"},
        {"granularity 0", [&](B& i) { entry(directory(i, 1, 32), begin, 0, "a"); },
         "granularity_bits of 9 to 31, found 0"},
        {"granularity 63", [&](B& i) { entry(directory(i, 1, 32), begin, 63, "a"); }, "granularity_bits"},
        {"granularity 255", [&](B& i) { entry(directory(i, 1, 32), begin, 255, "a"); }, "granularity_bits"},
        {"no name", [&](B& i) { entry(directory(i, 1, 32), begin, 16, ""); },
         "expected a name of 1 to 1023 bytes, found 0"},
        {"a name past the directory", [&](B& i) { entry(directory(i, 1, 32), begin, 16, std::string(20, 'n')); },
         "expected 20 more bytes"},
        {"a table of 2^32-1", [&](B& i) { entry(directory(i, 1, 32), begin, 16, "a").be32(begin + 8, 0xffffffff); },
         "expected a table"},
        {"extra data of 2^32-1", [&](B& i) { entry(directory(i, 1, 32), begin, 16, "a").be32(begin + 20, 0xffffffff); },
         "bitmap directory"},
        {"two of one name", [&](B& i) { entry(entry(directory(i, 2, 64), begin, 16, "a"), begin + 32, 16, "a"); },
         "found a second 'a'"},
        {"an extension of 23 bytes", [](B& i) { i.extension(104, 0x23852875, std::string(23, '\0')); },
         "expected 24 bytes, found 23"},
        {"reserved bytes", [&](B& i) { directory(i, 1, 32).be32(116, 1); }, "reserved field"},
        {"sound", [&](B& i) { entry(directory(i, 1, 32), begin, 16, "a"); }, ""},
        {"damaged, and marked as out of date", [&](B& i) { directory(i, 0, 32).be64(88, 0); }, "expected 1 to 65535"},
    });
    ScratchFolder folder;
    B image;
    entry(entry(directory(image, 2, 64), begin, 16, "good"), begin + 32, 16, "used").be32(begin + 44, 1);
    write_file(folder.file("a"), image.view());
    const auto bitmaps = open_image(folder.file("a"))->info().bitmaps;
    REQUIRE(bitmaps.size() == 2);
    CHECK((bitmaps[0].enabled && bitmaps[0].consistent && !bitmaps[0].in_use));
    CHECK((!bitmaps[1].enabled && !bitmaps[1].consistent && bitmaps[1].in_use));
    CHECK(bitmaps[0].granularity == kib(64));
    write_file(folder.file("a"), image.be64(88, 0).view());
    CHECK_FALSE(open_image(folder.file("a"))->info().bitmaps.at(0).consistent);
}

TEST_CASE("qcow2: invalid headers and header extensions are refused", "[formats][qcow2][bad-input]") {
    std::vector<Case> cases;
    for (const std::uint32_t length : {0u, 4u, 72u, 103u, 105u, 1024u, 0x80000000u})
        cases.push_back({"header_length", [length](B& i) { i.be32(100, length); }, "header_length at byte 100"});
    const std::vector<Case> more{
        {"length 2^32-1 before the backing format",
         [](B& i) { i.backing("base", "raw").be32(104, 1).be32(108, 0xffffffff); },
         "header extension 0x1 at offset 104"},
        {"length past the backing name", [](B& i) { i.backing("base", "raw").be32(108, 200); },
         "header extension 0xe2792aca"},
        {"no end marker", [](B& i) { i.extension(104, 0x12345678, std::string(400, 'x')); }, ""},
        {"two backing formats",
         [](B& i) { i.backing("base").extension(104, 0xe2792aca, "rawrawra").extension(120, 0xe2792aca, "raw"); },
         "found a second"},
        {"a format of 1024 bytes", [](B& i) { i.extension(104, 0xe2792aca, std::string(390, 'x')); }, ""},
        {"backing name of 1024 bytes", [](B& i) { i.be64(8, 104).be32(16, 1024); },
         "backing_file_size at byte 16: expected 1 to 1023"},
        {"backing name of 0 bytes", [](B& i) { i.be64(8, 104); }, "backing_file_size"},
        {"backing name past cluster 0", [](B& i) { i.be64(8, 500).be32(16, 13); }, "backing_file_offset at byte 8"},
        {"backing name inside the header", [](B& i) { i.be64(8, 50).be32(16, 13); }, "backing_file_offset"},
        {"backing name at 2^63", [](B& i) { i.be64(8, std::uint64_t{1} << 63).be32(16, 13); }, "backing_file_offset"},
        {"NUL in the backing name", [](B& i) { i.backing("a\0b"s); }, "without NUL"},
        {"version 1", [](B& i) { i.be32(4, 1); }, "cluster_bits at byte 32: expected 9 to 16"},
        {"version 4", [](B& i) { i.be32(4, 4); }, "qcow2 version 4"},
    };
    cases.insert(cases.end(), more.begin(), more.end());
    run(cases);
}

TEST_CASE("qcow2: a damaged header extension that the disk does not need is left out", "[formats][qcow2][bad-input]") {
    run_warned({
        {"length 2^32-1", [](B& i) { i.be32(104, 1).be32(108, 0xffffffff); }, "header extension 0x1 at offset 104"},
        {"two backing formats without a backing file",
         [](B& i) { i.extension(104, 0xe2792aca, "rawrawra").extension(120, 0xe2792aca, "raw"); }, "found a second"},
        {"two of an unknown type", [](B& i) { i.extension(104, 7, "12345678").extension(120, 7, "1"); },
         "found a second"},
    });
}

TEST_CASE("qcow2: an unknown header extension is skipped, and those after it are read", "[formats][qcow2][bad-input]") {
    ScratchFolder folder;
    write_file(folder.file("base"), Bytes(512, std::byte{'b'}));
    B image(512, 12);
    image.extension(104, 0x0537be78, "12345").extension(120, 0xffffffff, "").extension(128, 0xe2792aca, "raw");
    image.be64(8, 300).be32(16, 4).text(300, "base");
    write_file(folder.file("a"), image.view());
    CHECK(text_of(read_all(*open_image(folder.file("a")))) == std::string(512, 'b'));
}

TEST_CASE("qcow2: features that this version does not read are refused by name", "[formats][qcow2][bad-input]") {
    std::vector<Case> cases;
    for (unsigned bit = 5; bit < 64; ++bit)
        cases.push_back({"bit " + std::to_string(bit), [bit](B& i) { i.be64(72, std::uint64_t{1} << bit); },
                         "incompatible feature bit " + std::to_string(bit) + ", not named"});
    const std::vector<Case> more{
        {"a name from the image",
         [](B& i) { i.be64(72, 32).extension(104, 0x6803f857, "\0\5shiny\x1b"s + std::string(40, '\0')); },
         "'shiny\x1b'"},
        {"dirty", [](B& i) { i.be64(72, 1); }, ""},
        {"corrupt", [](B& i) { i.be64(72, 2); }, ""},
        {"extended L2 with clusters of 512", [](B& i) { i.be64(72, 16); },
         "cluster_bits at byte 20: expected 14 to 21, as the image has extended L2 entries, found 9"},
        {"AES", [](B& i) { i.be32(32, 1); }, "is encrypted by AES: pass --secret-file FILE"},
        {"LUKS", [](B& i) { i.be32(32, 2); }, "LUKS encryption"},
        {"another encryption", [](B& i) { i.be32(32, 3); }, "crypt_method 3"},
        {"compression bit without a type", [](B& i) { i.be64(72, 8); }, "compression_type"},
        {"compression bit with type 0", [](B& i) { i.be64(72, 8).be32(100, 112); }, "compression_type at byte 104"},
        {"type without the bit", [](B& i) { i.be32(100, 112).u8(104, 1); }, "as incompatible feature bit 3 is clear"},
        {"type 2", [](B& i) { i.be64(72, 8).be32(100, 112).u8(104, 2); }, "compression type 2"},
        {"unknown compatible and autoclear bits",
         [](B& i) { i.be64(80, ~std::uint64_t{0}).be64(88, ~std::uint64_t{3}); }, ""},
    };
    cases.insert(cases.end(), more.begin(), more.end());
    run(cases);

    ScratchFolder folder;
    write_file(folder.file("a"), B().be64(72, 3).be64(80, 1).view());
    const auto info = open_image(folder.file("a"))->info();
    CHECK(info.features == std::vector<std::string>{"dirty", "corrupt", "lazy_refcounts"});
    REQUIRE(info.warnings.size() == 2);
    CHECK_THAT(info.warnings[0], ContainsSubstring("marked dirty"));
    CHECK_THAT(info.warnings[1], ContainsSubstring("marked corrupt"));
    CHECK(info.options.at("lazy_refcounts") == "on");
}

TEST_CASE("qcow2: an error names the invalid extended L2 entry", "[formats][qcow2][bad-input]") {
    constexpr std::uint64_t zeros = std::uint64_t{1} << 32;  // the bit that makes subcluster 0 zero
    run({{"subclusters of 256 bytes", [](B& i) { i.be64(72, 16); }, "expected 14 to 21"}}, B(32768, 13));
    run(
        {
            {"sound: data, zero and below", [](B& i) { extended_entry(i.grow(6 << 14), 0, 5 << 14, 1 | zeros << 1); },
             ""},
            {"a cluster of which nothing is used", [](B& i) { extended_entry(i.grow(6 << 14), 0, 5 << 14, 0); }, ""},
            {"zero without a cluster", [](B& i) { extended_entry(i, 1, 0, 0xffffffff00000000); }, ""},
            {"zero over a lost cluster", [](B& i) { extended_entry(i, 1, std::uint64_t{1} << 40, zeros); }, ""},
            {"both bits", [](B& i) { extended_entry(i.grow(6 << 14), 2, 5 << 14, 4 | zeros << 2); },
             "L2 table 0 at offset 65536, entry 2: expected a cluster within the 98304 bytes of the file, found a "
             "subcluster that is both allocated and zero"},
            {"all bits", [](B& i) { extended_entry(i, 0, 0, ~std::uint64_t{0}); }, "both allocated and zero"},
            {"allocated without a cluster", [](B& i) { extended_entry(i, 3, 0, 0x80000000); },
             "entry 3: expected a cluster within the 81920 bytes of the file, found an allocated subcluster without a"},
            {"a cluster past the end", [](B& i) { extended_entry(i, 0, 5 << 14, 1); }, "past the end of the file"},
            {"a cluster that is not aligned", [](B& i) { extended_entry(i.grow(6 << 14), 0, (5 << 14) - 512, 1); },
             "not cluster-aligned"},
        },
        with_subclusters());
}

TEST_CASE("qcow2: bits of an extended L2 entry that qemu ignores are ignored, with a warning",
          "[formats][qcow2][bad-input]") {
    ScratchFolder folder;
    const auto read = [&](B& image) {
        write_file(folder.file("a"), image.view());
        const auto reader = open_image(folder.file("a"));
        CHECK(reader->late_warnings().empty());
        const std::string bytes(text_of(read_all(*reader)));
        REQUIRE(reader->late_warnings().size() == 1);
        return bytes + reader->late_warnings()[0];
    };
    B plain = with_subclusters();
    extended_entry(plain.text(5 << 14, std::string(1 << 14, 'x')), 2, 5 << 14 | 1, 1);
    const std::string found = read(plain);
    CHECK(found.substr(2 << 14, 512) == std::string(512, 'x'));
    CHECK(found.substr((2 << 14) + 512, 512) == std::string(512, '\0'));
    CHECK_THAT(found.substr(4 << 14), ContainsSubstring("offset 32768 has bit 0 of an extended entry set"));

    B packed = with_subclusters();
    const std::string stream = deflated(std::string(1 << 14, 'z'));
    const std::uint64_t at = packed.end();
    packed.text(at, stream).grow(at + 1024);
    extended_entry(packed, 1, B::compressed | std::uint64_t{1} << 56 | at, 0xff);
    const std::string inflated = read(packed);
    CHECK(inflated.substr(1 << 14, 1 << 14) == std::string(1 << 14, 'z'));
    CHECK_THAT(inflated.substr(4 << 14), ContainsSubstring("offset 16384 has the subcluster bitmap of a compressed"));
}

TEST_CASE("qcow2: an L1 table that is too short for extended L2 entries is refused", "[formats][qcow2][bad-input]") {
    // An L2 table of 16 KiB maps 32 MiB with plain entries, and 16 MiB with extended ones.
    ScratchFolder folder;
    write_file(folder.file("a"), B(32 << 20, 14).view());
    CHECK(refusal_of(folder.file("a")).empty());
    write_file(folder.file("a"), B(32 << 20, 14).be64(72, 16).view());
    CHECK_THAT(refusal_of(folder.file("a")), ContainsSubstring("expected at least 2 entries"));
}

TEST_CASE("qcow2: a snapshot's L1 table that is too short for extended L2 entries is refused",
          "[formats][qcow2][bad-input]") {
    ScratchFolder folder;
    B image = with_subclusters();
    const std::uint64_t table = image.end();
    image.be32(60, 1).be64(64, table).be64(table, image.l1()).be32(table + 8, 1).be16(table + 12, 1);
    image.be32(table + 36, 16).be64(table + 48, 32 << 20).text(table + 56, "1").grow(table + 64);
    write_file(folder.file("a"), image.view());
    CHECK_THAT(refusal_of(folder.file("a"), {{.snapshot = "1"}}), ContainsSubstring("expected at least 2 entries"));
    write_file(folder.file("a"), image.be64(table + 48, 16 << 20).view());
    CHECK(refusal_of(folder.file("a"), {{.snapshot = "1"}}).empty());
}

TEST_CASE("qcow2: overlapping extended tables are followed as they are", "[formats][qcow2][bad-input]") {
    ScratchFolder folder;
    B image = with_subclusters();
    // The L2 table is the L1 table, whose only entry becomes that of the guest's first cluster.
    image.be64(image.l1(), image.l1() | B::copied).be64(image.l1() + 8, 1);
    write_file(folder.file("a"), image.view());
    CHECK(refusal_of(folder.file("a")).empty());
    const auto reader = open_image(folder.file("a"));
    CHECK(reader->extent_at(ByteOffset{}) == Extent{ByteOffset{}, ByteCount{512}, ExtentKind::data});
    Bytes first(8);
    reader->read(ByteOffset{}, first);
    CHECK(load_be<std::uint64_t>(first) == (image.l1() | B::copied));
}

TEST_CASE("qcow2: damage in one subcluster leaves those before it and the other clusters readable",
          "[formats][qcow2][bad-input]") {
    ScratchFolder folder;
    B image = with_subclusters();
    image.text(image.data(), std::string(1 << 14, 'a'));
    extended_entry(extended_entry(image, 0, image.data(), 0x80000001), 1, image.data(), 1 | std::uint64_t{1} << 32);
    extended_entry(image, 2, image.data(), 0x0000000f'000000f0);
    write_file(folder.file("a"), image.view());
    const auto reader = open_image(folder.file("a"));
    const auto kinds = [&](std::uint64_t at) { return reader->extent_at(ByteOffset{at}); };
    CHECK(kinds(0) == Extent{ByteOffset{0}, ByteCount{512}, ExtentKind::data});
    CHECK(kinds(512) == Extent{ByteOffset{512}, ByteCount{30 * 512}, ExtentKind::unallocated});
    CHECK(kinds(31 * 512) == Extent{ByteOffset{31 * 512}, ByteCount{512}, ExtentKind::data});
    CHECK_THROWS_AS(reader->extent_at(ByteOffset{1 << 14}), Error);
    CHECK(kinds(2 << 14) == Extent{ByteOffset{2 << 14}, ByteCount{2048}, ExtentKind::zero});
    CHECK(kinds((2 << 14) + 2048) == Extent{ByteOffset{(2 << 14) + 2048}, ByteCount{2048}, ExtentKind::data});
    CHECK(kinds((2 << 14) + 4096).kind == ExtentKind::unallocated);
    Bytes bytes(1 << 14);
    reader->read(ByteOffset{2 << 14}, bytes);
    CHECK(is_zero(ByteView(bytes).first(2048)));
    CHECK(text_of(ByteView(bytes).subspan(2048, 2048)) == std::string(2048, 'a'));
    CHECK(is_zero(ByteView(bytes).subspan(4096)));
}

TEST_CASE("qcow2 and raw: virtual sizes are exact", "[formats][qcow2][raw][bad-input]") {
    ScratchFolder folder;
    const std::string path = folder.file("a");
    for (const std::uint64_t size :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{511}, std::uint64_t{513}, std::uint64_t{1} << 32,
          (std::uint64_t{1} << 41) + 1, (std::uint64_t{1} << 53) + 1, std::uint64_t{1} << 60}) {
        CAPTURE(size);
        B image(size, 21);
        image.be64(image.l1(), 0).grow(image.l1() + (16 << 20));
        write_file(path, image.view());
        const auto reader = open_image(path);
        CHECK(reader->info().virtual_size.value == size);
        if (size == 0) continue;
        CHECK(reader->extent_at(ByteOffset{size - 1}).length.value == 1);
        Bytes last(1, std::byte{1});
        reader->read(ByteOffset{size - 1}, last);
        CHECK(last[0] == std::byte{0});
    }
    for (const std::uint64_t size : {(std::uint64_t{1} << 63) - 512, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
        write_file(path, B(32768, 21).be64(24, size).view());
        CHECK_FALSE(refusal_of(path).empty());
    }
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{513}, std::size_t{4097}}) {
        write_file(path, Bytes(size, std::byte{7}));
        CHECK(open_image(path)->info().virtual_size.value == size);
        CHECK(read_all(*open_image(path)).size() == size);
    }
}

}  // namespace varve::reader_test
