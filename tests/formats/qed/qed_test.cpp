// QED images: those of qemu-img are read, qemu-img reads those that varve writes, and damage is named.

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/progress.h"
#include "engine/image/copy_image.h"
#include "formats/create_image.h"
#include "tests/catch.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using writer_test::read_file;

constexpr std::uint64_t disk_bytes = 5 << 20;

Bytes make_disk() {
    Bytes disk(disk_bytes);
    std::mt19937_64 random(2);
    for (std::size_t i = 1 << 20; i < (2 << 20) + 5000; ++i) disk[i] = static_cast<std::byte>(random());
    return disk;
}

struct Lie {
    std::string what;
    std::size_t at;
    std::size_t bytes;
    std::uint64_t value;
    std::string text;
};

void put(Bytes& file, std::size_t at, std::size_t bytes, std::uint64_t value) {
    const ByteSpan place = ByteSpan(file).subspan(at);
    if (bytes == 4) store_le(place, static_cast<std::uint32_t>(value));
    if (bytes == 8) store_le(place, value);
}

std::string refusal(const ScratchFolder& folder, const Bytes& file) {
    write_file(folder.file("bad.qed"), file);
    OpenOptions options;
    options.image.format = "qed";
    return refusal_of(folder.file("bad.qed"), options);
}

}  // namespace

TEST_CASE("qed: images with clusters and tables of any size are read as qemu-img reads them", "[qed]") {
    const ScratchFolder folder;
    const Bytes disk = make_disk();
    write_file(folder.file("raw"), disk);
    for (const auto& [cluster, table] : {std::pair{"4K", "2"}, {"4K", "16"}, {"64K", "4"}, {"1M", "2"}}) {
        const std::string path = folder.file(fmt::format("{}-{}.qed", cluster, table));
        CAPTURE(path);
        qemu_img({"convert", "-f", "raw", "-O", "qed", "-o",
                  fmt::format("cluster_size={},table_size={}", cluster, table), folder.file("raw"), path});
        const auto reader = open_image(path);
        CHECK(reader->info().format == "qed");
        CHECK(reader->info().options.at("table_size") == table);
        CHECK(read_all(*reader) == disk);
        CHECK(reader->extent_at({}).kind == ExtentKind::unallocated);
    }
}

TEST_CASE("qed: zero clusters hide the backing file, and its raw format is recorded", "[qed]") {
    const ScratchFolder folder;
    write_file(folder.file("raw"), Bytes(disk_bytes, std::byte{'b'}));
    qemu_img({"create", "-q", "-f", "qed", "-b", "raw", "-F", "raw", folder.file("top.qed")});
    qemu_io(folder.file("top.qed"), "qed", {"write -P 1 100k 70k", "write -z 1M 1M", "write -P 2 4M 64k"});
    const auto reader = open_image(folder.file("top.qed"));
    CHECK(read_all(*reader) == qemu_bytes(folder.file("top.qed"), "qed"));
    CHECK(reader->extent_at(ByteOffset{1 << 20}).kind == ExtentKind::zero);
    CHECK(reader->info().backing == "raw");
}

TEST_CASE("qed: what varve writes is clean and has the same bytes for qemu-img", "[qed]") {
    const ScratchFolder folder;
    Bytes disk = make_disk();
    write_file(folder.file("raw"), disk);
    const auto source = open_image(folder.file("raw"));
    NoProgress progress;
    for (const OptionMap& options :
         std::vector<OptionMap>{{}, {{"cluster_size", "4K"}, {"table_size", "2"}}, {{"cluster_size", "1M"}}}) {
        CreateOptions created{.format = "qed", .virtual_size = {disk_bytes}, .options = options};
        created.overwrite = Overwrite::force;
        const auto writer = create_image(folder.file("new.qed"), created);
        copy_image(*source, *writer, progress, {});
        writer->finish();
        CHECK_THAT(qemu_img({"check", "-f", "qed", folder.file("new.qed")}), ContainsSubstring("No errors were found"));
        CHECK(qemu_bytes(folder.file("new.qed"), "qed") == disk);
        CHECK(read_all(*open_image(folder.file("new.qed"))) == disk);
    }
    std::fill_n(disk.begin() + (1 << 20), 200'000, std::byte{0});
    std::fill_n(disk.begin() + (3 << 20), 5'000, std::byte{'z'});
    const auto writer = create_image(
        folder.file("top.qed"), {.format = "qed",
                                 .virtual_size = {disk_bytes},
                                 .options = {{"backing_file", "raw"}, {"backing_fmt", "raw"}, {"cluster_size", "4K"}}});
    writer->write({}, disk);
    writer->finish();
    CHECK_THAT(qemu_img({"check", "-f", "qed", folder.file("top.qed")}), ContainsSubstring("No errors were found"));
    CHECK(qemu_bytes(folder.file("top.qed"), "qed") == disk);
    CHECK(read_all(*open_image(folder.file("top.qed"))) == disk);
    CHECK(std::filesystem::file_size(folder.file("top.qed")) < 100'000);
}

TEST_CASE("qed: options and sizes that QED does not have are refused", "[qed][bad-input]") {
    const ScratchFolder folder;
    const auto refused = [&](OptionMap options, std::uint64_t size = 512) -> std::string {
        try {
            create_image(folder.file("a"), {.format = "qed", .virtual_size = {size}, .options = std::move(options)});
        } catch (const Error& error) {
            return error.what();
        }
        return "";
    };
    CHECK_THAT(refused({{"table_size", "1"}}), ContainsSubstring("2, 4, 8 or 16"));
    CHECK_THAT(refused({{"cluster_size", "2K"}}), ContainsSubstring("a power of two from 4K to 8M"));
    CHECK_THAT(refused({{"cluster_size", "8M"}}), ContainsSubstring("at most 16M"));
    CHECK_THAT(refused({{"backing_fmt", "raw"}}), ContainsSubstring("backing_fmt needs backing_file"));
    CHECK_THAT(refused({}, 513), ContainsSubstring("whole sectors"));
    CHECK_THAT(refused({{"cluster_size", "4K"}, {"table_size", "2"}}, std::uint64_t{1} << 36),
               ContainsSubstring("too large for qed"));
}

TEST_CASE("qed: an invalid header field or entry is refused with its place and value", "[qed][bad-input]") {
    const ScratchFolder folder;
    write_file(folder.file("raw"), make_disk());
    qemu_img({"convert", "-f", "raw", "-O", "qed", folder.file("raw"), folder.file("a.qed")});
    const Bytes sound = read_file(folder.file("a.qed"));
    const std::size_t l1 = load_le<std::uint64_t>(ByteView(sound).subspan(40));
    const std::size_t l2 = load_le<std::uint64_t>(ByteView(sound).subspan(l1));
    const std::size_t entry = l2 + 16 * 8;  // of the first megabyte
    REQUIRE(refusal(folder, sound).empty());
    const std::vector<Lie> lies{
        {"magic", 0, 4, 0, "expected the QED magic"},
        {"cluster 0", 4, 4, 0, "cluster_size at byte 4: expected a power of two from 4096 to 67108864, found 0"},
        {"cluster 2048", 4, 4, 2048, "found 2048"},
        {"cluster 5000", 4, 4, 5000, "found 5000"},
        {"cluster 2^27", 4, 4, 1 << 27, "found 134217728"},
        {"table 0", 8, 4, 0, "table_size at byte 8: expected a power of two from 1 to 16, found 0"},
        {"table 3", 8, 4, 3, "found 3"},
        {"table 32", 8, 4, 32, "found 32"},
        {"unknown feature", 16, 8, 8, "the QED feature bit 3"},
        {"last feature", 16, 8, std::uint64_t{1} << 63, "the QED feature bit 63"},
        {"name of no length", 16, 8, 1, "backing_filename_size at byte 60: expected 1 to 1023, found 0"},
        {"L1 at 0", 40, 8, 0, "l1_table_offset at byte 40"},
        {"L1 at an odd place", 40, 8, 65537, "found 65537"},
        {"L1 past the end", 40, 8, std::uint64_t{1} << 40, "found 1099511627776"},
        {"L1 at 2^64", 40, 8, ~std::uint64_t{0xffff}, "found 18446744073709486080"},
        {"odd size", 48, 8, 513, "image_size at byte 48: expected a multiple of 512"},
        {"size -512", 48, 8, ~std::uint64_t{511}, "found 18446744073709551104"},
        {"L2 table past the end", l1, 8, 1 << 30, "L1 entry 0: expected the place of an L2 table of 262144 bytes"},
        {"L2 table at an odd place", l1, 8, l2 + 8, "a multiple of 65536"},
        {"L2 table at 1", l1, 8, 1, "found 1"},
        {"cluster past the end", entry, 8, 1 << 30, "(guest offset 1048576) is at byte 1073741824, past the end"},
        {"cluster at an odd place", entry, 8, 65536 + 512, "expected a multiple of 65536"},
    };
    for (const Lie& lie : lies) {
        CAPTURE(lie.what);
        Bytes file = sound;
        put(file, lie.at, lie.bytes, lie.value);
        CHECK_THAT(refusal(folder, file), ContainsSubstring(lie.text));
    }
    for (const std::size_t length : {0U, 63U, 64U, 65536U})
        CHECK_FALSE(refusal(folder, Bytes(sound.begin(), sound.begin() + static_cast<long>(length))).empty());
}

TEST_CASE("qed: an image that was not closed is read as far as its tables lead, with warnings", "[qed][bad-input]") {
    const ScratchFolder folder;
    const Bytes disk = make_disk();
    write_file(folder.file("raw"), disk);
    qemu_img({"convert", "-f", "raw", "-O", "qed", folder.file("raw"), folder.file("a.qed")});
    Bytes file = read_file(folder.file("a.qed"));
    const std::size_t l1 = load_le<std::uint64_t>(ByteView(file).subspan(40));
    const std::size_t l2 = load_le<std::uint64_t>(ByteView(file).subspan(l1));
    put(file, 16, 8, 2);
    put(file, l2 + 16 * 8, 8, 1 << 30);  // a cluster that was never written
    write_file(folder.file("a.qed"), file);
    const auto reader = open_image(folder.file("a.qed"));
    REQUIRE(reader->info().warnings.size() == 1);
    CHECK_THAT(reader->info().warnings[0], ContainsSubstring("was not closed cleanly"));
    Bytes expected = disk;
    std::fill_n(expected.begin() + (1 << 20), 65536, std::byte{0});
    CHECK(read_all(*reader) == expected);
    REQUIRE(reader->late_warnings().size() == 1);
    CHECK_THAT(reader->late_warnings()[0], ContainsSubstring("were read as never written"));
}

TEST_CASE("qed: a table of one cluster, which the specification allows and QEMU does not open, is read", "[qed]") {
    const ScratchFolder folder;
    constexpr std::size_t cluster = 4096;
    Bytes file(4 * cluster);  // header, L1, L2, data
    put(file, 0, 4, 0x00444551);
    put(file, 4, 4, cluster);
    put(file, 8, 4, 1);
    put(file, 12, 4, 1);
    put(file, 24, 8, 1 << 5);  // a compatible feature
    put(file, 40, 8, cluster);
    put(file, 48, 8, 3 * cluster);
    put(file, cluster, 8, 2 * cluster);
    put(file, 2 * cluster, 8, 3 * cluster);
    put(file, 2 * cluster + 8, 8, 1);
    std::fill_n(file.begin() + 3 * cluster, cluster, std::byte{'x'});
    write_file(folder.file("a.qed"), file);
    const auto reader = open_image(folder.file("a.qed"));
    Bytes disk(3 * cluster);
    std::fill_n(disk.begin(), cluster, std::byte{'x'});
    CHECK(read_all(*reader) == disk);
    CHECK(reader->extent_at(ByteOffset{cluster}).kind == ExtentKind::zero);
    CHECK(reader->extent_at(ByteOffset{2 * cluster}).kind == ExtentKind::unallocated);
    CHECK(reader->info().features == std::vector<std::string>{"compatible feature bit 5"});
}

}  // namespace varve::reader_test
