// qcow images of version 1: those of qemu-img are read, qemu-img reads those that varve writes, and damage is named.

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/progress.h"
#include "engine/image/copy_image.h"
#include "formats/create_image.h"
#include "tests/catch.h"
#include "tests/formats/crypt/encrypted_images.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using writer_test::read_file;

constexpr std::uint64_t disk_bytes = 5 << 20;

/// Text, noise and zeros, over several L2 tables of 2 MiB.
Bytes make_disk() {
    Bytes disk(disk_bytes);
    std::mt19937_64 random(1);
    for (std::size_t i = 1 << 20; i < (2 << 20) + 5000; ++i) disk[i] = static_cast<std::byte>('a' + i % 11);
    for (std::size_t i = 4 << 20; i < disk.size(); ++i) disk[i] = static_cast<std::byte>(random());
    return disk;
}

/// `qemu-img convert -c -O qcow` of 7.2 exits with status 1 although the image is complete.
void convert_compressed(const std::string& raw, const std::string& path) {
    const auto result = writer_test::run_tool({"qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow", raw, path});
    REQUIRE(result.status <= 1);
    CHECK(qemu_bytes(path, "qcow") == read_file(raw));
}

struct Lie {
    std::string what;
    std::size_t at;
    std::size_t bytes;
    std::uint64_t value;
    std::string text;
};

void put(Bytes& file, const Lie& lie) {
    const ByteSpan place = ByteSpan(file).subspan(lie.at);
    if (lie.bytes == 1) place[0] = static_cast<std::byte>(lie.value);
    if (lie.bytes == 4) store_be(place, static_cast<std::uint32_t>(lie.value));
    if (lie.bytes == 8) store_be(place, lie.value);
}

}  // namespace

TEST_CASE("qcow: plain and compressed images are read as qemu-img reads them", "[qcow1]") {
    const ScratchFolder folder;
    const Bytes disk = make_disk();
    write_file(folder.file("raw"), disk);
    qemu_img({"convert", "-f", "raw", "-O", "qcow", folder.file("raw"), folder.file("plain.qcow")});
    convert_compressed(folder.file("raw"), folder.file("small.qcow"));
    CHECK(std::filesystem::file_size(folder.file("small.qcow")) <
          std::filesystem::file_size(folder.file("plain.qcow")));
    for (const char* name : {"plain.qcow", "small.qcow"}) {
        const auto reader = open_image(folder.file(name));
        CHECK(reader->info().format == "qcow");
        CHECK(read_all(*reader) == disk);
        Bytes part(777);
        reader->read(ByteOffset{(2 << 20) - 300}, part);
        CHECK(std::ranges::equal(part, ByteView(disk).subspan((2 << 20) - 300, part.size())));
        CHECK(reader->extent_at({}).kind == ExtentKind::unallocated);
        CHECK(reader->extent_at({}).length.value == 1 << 20);
        CHECK(reader->extent_at(ByteOffset{4 << 20}).length.value == 1 << 20);
    }
}

TEST_CASE("qcow: an overlay with clusters of 512 bytes is read over its backing file", "[qcow1]") {
    const ScratchFolder folder;
    write_file(folder.file("raw"), make_disk());
    qemu_img({"convert", "-f", "raw", "-O", "qcow2", folder.file("raw"), folder.file("base.qcow2")});
    qemu_img({"create", "-q", "-f", "qcow", "-b", "base.qcow2", "-F", "qcow2", folder.file("top.qcow")});
    qemu_io(folder.file("top.qcow"), "qcow", {"write -P 1 0 512", "write -P 2 1049000 70000", "write -P 3 4M 1M"});
    CHECK(read_all(*open_image(folder.file("top.qcow"))) == qemu_bytes(folder.file("top.qcow"), "qcow"));
}

TEST_CASE("qcow: an image encrypted by AES is read with its secret, and with no other", "[qcow1][crypt]") {
    const ScratchFolder folder;
    const Bytes disk = make_disk();
    write_file(folder.file("raw"), disk);
    crypt_test::make_encrypted(folder.file("raw"), folder.file("a.qcow"), "qcow", {{"encrypt.format", "aes"}});
    OpenOptions options;
    CHECK_THAT(refusal_of(folder.file("a.qcow"), options),
               ContainsSubstring("is encrypted by AES: pass --secret-file"));
    options.image.secret = crypt_test::secret("wrong");
    CHECK_THAT(refusal_of(folder.file("a.qcow"), options), ContainsSubstring("the secret does not open"));
    options.image.secret = crypt_test::secret();
    CHECK(read_all(*open_image(folder.file("a.qcow"), options)) == disk);
    crypt_test::qemu_io_encrypted(folder.file("a.qcow"), "qcow", {"write -P 1 0 512", "write -P 2 3000000 100352"});
    const auto changed = open_image(folder.file("a.qcow"), options);
    write_file(folder.file("raw"), read_all(*changed));
    CHECK(crypt_test::is_same_to_qemu(folder.file("raw"), folder.file("a.qcow"), "qcow"));
    OpenOptions for_facts;
    for_facts.image.is_for_facts_only = true;
    CHECK(open_image(folder.file("a.qcow"), for_facts)->info().features.front().starts_with("encrypted by AES"));
}

TEST_CASE("qcow: what varve writes has the same bytes for qemu-img, alone and over a backing file", "[qcow1]") {
    const ScratchFolder folder;
    Bytes disk = make_disk();
    write_file(folder.file("raw"), disk);
    NoProgress progress;
    const auto source = open_image(folder.file("raw"));
    auto writer = create_image(folder.file("new.qcow"), {.format = "qcow", .virtual_size = {disk_bytes}});
    copy_image(*source, *writer, progress, {});
    writer->finish();
    CHECK(qemu_bytes(folder.file("new.qcow"), "qcow") == disk);
    CHECK(read_all(*open_image(folder.file("new.qcow"))) == disk);

    std::fill_n(disk.begin() + (1 << 20), 100'000, std::byte{0});  // zeros that hide the backing file's data
    std::fill_n(disk.begin() + (3 << 20), 5'000, std::byte{'z'});
    writer = create_image(folder.file("top.qcow"),
                          {.format = "qcow", .virtual_size = {disk_bytes}, .options = {{"backing_file", "new.qcow"}}});
    writer->write({}, disk);
    writer->finish();
    CHECK(qemu_bytes(folder.file("top.qcow"), "qcow") == disk);
    CHECK(read_all(*open_image(folder.file("top.qcow"))) == disk);
    CHECK(std::filesystem::file_size(folder.file("top.qcow")) < 200'000);
    CHECK(writer_test::allocated_bytes(folder.file("top.qcow")) < 50'000);
}

TEST_CASE("qcow: sizes of one sector up to a whole table give the same disk to qemu-img", "[qcow1]") {
    const ScratchFolder folder;
    for (const std::uint64_t size : {512U, 4096U, 4608U, (2U << 20) - 512, 2U << 20, (2U << 20) + 512}) {
        CAPTURE(size);
        const std::string path = folder.file(fmt::format("{}.qcow", size));
        const auto writer = create_image(path, {.format = "qcow", .virtual_size = {size}});
        writer->write(ByteOffset{size - 512}, Bytes(512, std::byte{'e'}));
        writer->finish();
        Bytes disk(size);
        std::fill_n(disk.end() - 512, 512, std::byte{'e'});
        CHECK(read_all(*open_image(path)) == disk);
        CHECK(qemu_bytes(path, "qcow") == disk);
    }
    CHECK_THROWS_WITH(create_image(folder.file("a"), {.format = "qcow", .virtual_size = {513}}),
                      ContainsSubstring("whole sectors of 512 bytes"));
    CHECK_THROWS_WITH(create_image(folder.file("a"), {.format = "qcow", .virtual_size = {std::uint64_t{1} << 60}}),
                      ContainsSubstring("too large for qcow"));
}

TEST_CASE("qcow: an invalid header field or entry is refused with its place and value", "[qcow1][bad-input]") {
    const ScratchFolder folder;
    write_file(folder.file("raw"), make_disk());
    qemu_img({"convert", "-f", "raw", "-O", "qcow", folder.file("raw"), folder.file("a.qcow")});
    const Bytes sound = read_file(folder.file("a.qcow"));
    const std::size_t l1 = load_be<std::uint64_t>(ByteView(sound).subspan(40));
    const std::size_t l2 = load_be<std::uint64_t>(ByteView(sound).subspan(l1 + 2 * 8));  // of the third table: full
    const std::vector<Lie> lies{
        {"version", 4, 4, 4, "QFI"},
        {"name past the end", 8, 8, 1 << 30, "backing_file_offset at byte 8: expected a place"},
        {"name in the header", 8, 8, 40, "found 40"},
        {"size 2^63", 24, 8, std::uint64_t{1} << 63, "size at byte 24: expected 0 to 9223372036854775807"},
        {"size without a table", 24, 8, std::uint64_t{1} << 50,
         "l1_table_offset at byte 40: expected a place for an L1"},
        {"cluster_bits 8", 32, 1, 8, "cluster_bits at byte 32: expected 9 to 16, found 8"},
        {"cluster_bits 255", 32, 1, 255, "found 255"},
        {"l2_bits 5", 33, 1, 5, "l2_bits at byte 33: expected 6 to 13, found 5"},
        {"l2_bits 64", 33, 1, 64, "found 64"},
        {"crypt_method 2", 36, 4, 2, "an unknown encryption (crypt_method 2)"},
        {"L1 table in the header", 40, 8, 8, "found 8"},
        {"L1 table past the end", 40, 8, ~std::uint64_t{7}, "l1_table_offset at byte 40"},
        {"L2 table past the end", l1 + 2 * 8, 8, 1 << 30, "L1 entry 2: expected the place of an L2 table"},
        {"L2 table at 2^64", l1 + 2 * 8, 8, ~std::uint64_t{0}, "found 18446744073709551615"},
        {"cluster past the end", l2, 8, 1 << 30, "(guest offset 4194304) is at byte 1073741824, past the end"},
        {"cluster at an odd place", l2, 8, 4097, "has the place 4097, expected a multiple of 512"},
        {"stream past the end", l2, 8, std::uint64_t{1} << 63 | 1 << 30, "past the end of the file"},
        {"stream of other bytes", l2, 8, std::uint64_t{1} << 63 | std::uint64_t{100} << 51,
         "compressed cluster at byte 0: expected a zlib stream of 4096 bytes"},
    };
    for (const Lie& lie : lies) {
        CAPTURE(lie.what);
        Bytes file = sound;
        put(file, lie);
        write_file(folder.file("bad.qcow"), file);
        OpenOptions options;
        if (lie.what != "version") options.image.format = "qcow";
        if (lie.what == "name past the end" || lie.what == "name in the header")
            store_be(ByteSpan(file).subspan(16), std::uint32_t{5}), write_file(folder.file("bad.qcow"), file);
        const std::string text = refusal_of(folder.file("bad.qcow"), options);
        if (lie.what == "version")
            CHECK_FALSE(text.empty());
        else
            CHECK_THAT(text, ContainsSubstring(lie.text));
    }
    for (const std::size_t length : {0U, 8U, 47U, 48U}) {
        write_file(folder.file("bad.qcow"), ByteView(sound).first(length));
        OpenOptions options;
        options.image.format = "qcow";
        CHECK_FALSE(refusal_of(folder.file("bad.qcow"), options).empty());
    }
}

}  // namespace varve::reader_test
