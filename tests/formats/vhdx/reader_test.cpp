// VHDX images: those of qemu-img, and what it can't write (chains, sectors of 4096 bytes, logs) from an independent
// builder.

#include <fmt/format.h>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/formats/vhdx/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using vhdx_test::guid_of;
using vhdx_test::Image;
using vhdx_test::LogEntry;
using vhdx_test::text_of_guid;

constexpr std::uint64_t mib_bytes = Image::mib;

Bytes filled(std::uint64_t length, char fill) { return Bytes(length, static_cast<std::byte>(fill)); }

void fill(Bytes& disk, std::uint64_t at, std::uint64_t length, char value) {
    std::fill_n(disk.begin() + static_cast<std::ptrdiff_t>(at), length, static_cast<std::byte>(value));
}

Bytes page_of(char value) { return filled(4096, value); }

/// The page of the block allocation table that has `entries` at its start.
Bytes table_page(const std::vector<std::uint64_t>& entries) {
    Bytes page(4096);
    for (std::size_t i = 0; i < entries.size(); ++i) store_le(ByteSpan(page).subspan(8 * i), entries[i]);
    return page;
}

}  // namespace

TEST_CASE("vhdx: images of qemu-img with blocks of any size are read, dynamic and fixed", "[vhdx]") {
    const ScratchFolder folder;
    Bytes disk(5 * mib_bytes + 512);
    fill(disk, mib_bytes + 100, 70'000, 'a');
    fill(disk, disk.size() - 512, 512, 'z');
    write_file(folder.file("raw"), disk);
    for (const char* options :
         {"subformat=dynamic,block_size=1M", "subformat=dynamic,block_size=32M", "subformat=fixed"}) {
        CAPTURE(options);
        qemu_img({"convert", "-f", "raw", "-O", "vhdx", "-o", options, folder.file("raw"), folder.file("a.vhdx")});
        const auto reader = open_image(folder.file("a.vhdx"));
        CHECK(reader->info().format == "vhdx");
        CHECK(reader->info().warnings.empty());
        CHECK(read_all(*reader) == disk);
    }
}

TEST_CASE("vhdx: each state of a block has its meaning, with sectors of 512 and of 4096 bytes", "[vhdx]") {
    const std::uint32_t sector = GENERATE(512U, 4096U);
    const ScratchFolder folder;
    Image image(8 * mib_bytes - 4096, mib_bytes, sector);
    image.block(0, filled(mib_bytes, 'a')).block(1, filled(mib_bytes, 'b')).block(7, filled(mib_bytes, 'h'));
    image.state(2, 1).state(3, 2).state(4, 3).state(5, 5);
    write_file(folder.file("a.vhdx"), image.file());
    const auto reader = open_image(folder.file("a.vhdx"));
    Bytes disk(image.size);
    fill(disk, 0, mib_bytes, 'a');
    fill(disk, mib_bytes, mib_bytes, 'b');
    fill(disk, 7 * mib_bytes, mib_bytes - 4096, 'h');
    CHECK(read_all(*reader) == disk);
    CHECK(reader->info().options.at("logical_sector_size") == std::to_string(sector));
    CHECK(reader->extent_at({}) == Extent{{}, {2 * mib_bytes}, ExtentKind::data});
    CHECK(reader->extent_at(ByteOffset{2 * mib_bytes}) ==
          Extent{ByteOffset{2 * mib_bytes}, {4 * mib_bytes}, ExtentKind::zero});
    CHECK(reader->extent_at(ByteOffset{6 * mib_bytes}).kind == ExtentKind::unallocated);
}

TEST_CASE("vhdx: a checkpoint is read over its parent, sector by sector, and its zeros hide it", "[vhdx]") {
    const std::uint32_t sector = GENERATE(512U, 4096U);
    const ScratchFolder folder;
    const std::uint64_t blocks = 6;
    Image base(blocks * mib_bytes, mib_bytes, sector);
    base.data_write = guid_of(20);
    for (std::uint64_t block = 0; block < blocks; ++block)
        base.block(block, filled(mib_bytes, static_cast<char>('0' + block)));
    write_file(folder.file("base.vhdx"), base.file());
    Image top(blocks * mib_bytes, mib_bytes, sector);
    top.over(guid_of(20), {{"relative_path", ".\\base.vhdx"}, {"absolute_win32_path", "C:\\VMs\\base.vhdx"}});
    top.block(0, filled(mib_bytes, 'A')).state(1, 2).state(2, 3);
    top.sectors(3, {{0, 'D'}, {7, 'E'}, {8, 'F'}, {mib_bytes / sector - 1, 'G'}}).sectors(5, {{100, 'H'}});
    write_file(folder.file("top.avhdx"), top.file());
    Bytes disk;
    for (std::uint64_t block = 0; block < blocks; ++block) {
        const Bytes content = filled(mib_bytes, static_cast<char>('0' + block));
        disk.insert(disk.end(), content.begin(), content.end());
    }
    fill(disk, 0, mib_bytes, 'A');
    fill(disk, mib_bytes, 2 * mib_bytes, '\0');
    for (const auto& [at, value] : {std::pair{0UL, 'D'}, {7UL, 'E'}, {8UL, 'F'}, {mib_bytes / sector - 1, 'G'}})
        fill(disk, 3 * mib_bytes + at * sector, sector, value);
    fill(disk, 5 * mib_bytes + 100 * sector, sector, 'H');
    const auto reader = open_image(folder.file("top.avhdx"));
    CHECK(read_all(*reader) == disk);
    CHECK(reader->info().features == std::vector<std::string>{"differencing"});
}

TEST_CASE("vhdx: a parent is found by each of its recorded names, and must have the recorded id", "[vhdx]") {
    const ScratchFolder folder;
    Image base(mib_bytes);
    base.data_write = guid_of(20);
    base.block(0, filled(mib_bytes, 'b'));
    write_file(folder.file("base.vhdx"), base.file());
    using Names = std::map<std::string, std::string>;
    for (const Names& names :
         {Names{{"relative_path", "..\\gone\\x.vhdx"}, {"absolute_win32_path", "C:\\VMs\\base.vhdx"}},
          Names{{"volume_path", "\\\\?\\Volume{26A21BDA-A627-11D7-9931-806E6F6E6963}\\VMs\\base.vhdx"}},
          Names{{"relative_path", "base.vhdx"}}}) {
        Image top(mib_bytes);
        top.over(guid_of(20), names);
        write_file(folder.file("top.avhdx"), top.file());
        CHECK(read_all(*open_image(folder.file("top.avhdx"))) == filled(mib_bytes, 'b'));
    }
    Image stranger(mib_bytes);
    stranger.over(guid_of(21), {{"relative_path", "base.vhdx"}});
    write_file(folder.file("top.avhdx"), stranger.file());
    CHECK_THAT(refusal_of(folder.file("top.avhdx")), ContainsSubstring("is not the parent that the image above it is"));
    Image nameless(mib_bytes);
    nameless.over(guid_of(20), {});
    write_file(folder.file("top.avhdx"), nameless.file());
    CHECK_THAT(refusal_of(folder.file("top.avhdx")), ContainsSubstring(text_of_guid(guid_of(20))));
    OpenOptions options;
    options.image.backing_files = {folder.file("base.vhdx")};
    CHECK(read_all(*open_image(folder.file("top.avhdx"), options)) == filled(mib_bytes, 'b'));
}

TEST_CASE("vhdx: one damaged header or region table leaves the other, with a warning", "[vhdx]") {
    const ScratchFolder folder;
    Image image(mib_bytes);
    image.block(0, filled(mib_bytes, 'a'));
    for (const std::size_t at : {64U << 10, 128U << 10, 192U << 10, 256U << 10}) {
        CAPTURE(at);
        Bytes file = image.file();
        file[at + 100] ^= std::byte{1};
        write_file(folder.file("a.vhdx"), file);
        const auto reader = open_image(folder.file("a.vhdx"));
        CHECK(read_all(*reader) == filled(mib_bytes, 'a'));
        REQUIRE(reader->info().warnings.size() == 1);
        CHECK_THAT(reader->info().warnings[0],
                   ContainsSubstring(fmt::format("at byte {}", at)) && ContainsSubstring("its other copy was used"));
    }
}

TEST_CASE("vhdx: a log is replayed in memory, in its order and around the end of its ring", "[vhdx]") {
    const ScratchFolder folder;
    const std::uint64_t end = mib_bytes - 4096;
    for (const std::uint64_t place : {std::uint64_t{0}, std::uint64_t{40960}, end - 4096, end}) {
        CAPTURE(place);
        Image image(2 * mib_bytes);
        image.block(0, filled(mib_bytes, 'a'));
        const std::uint64_t data_at = image.table.at(0) & ~std::uint64_t{7};
        const std::uint64_t second = (place + 3 * 4096) % mib_bytes;
        // The second block exists only by the log: its table entry, and its bytes beyond the end of the file.
        image.log({{10, place, place, 0, 0, {{data_at, page_of('x')}, {data_at + 4096, page_of('y')}}},
                   {11,
                    second,
                    place,
                    0,
                    data_at + 2 * mib_bytes,
                    {{data_at + 4096, {}, 8192},
                     {Image::table_at, table_page({data_at | 6, (data_at + mib_bytes) | 6})},
                     {data_at + mib_bytes, page_of('n')}}}});
        const Bytes file = image.file();
        write_file(folder.file("a.vhdx"), file);
        const auto reader = open_image(folder.file("a.vhdx"));
        Bytes disk(2 * mib_bytes);
        fill(disk, 0, mib_bytes, 'a');
        fill(disk, 0, 4096, 'x');
        fill(disk, 4096, 8192, '\0');
        fill(disk, mib_bytes, 4096, 'n');
        CHECK(read_all(*reader) == disk);
        REQUIRE(reader->info().warnings.size() == 1);
        CHECK_THAT(reader->info().warnings[0], ContainsSubstring("the 2 entries of its log were replayed in memory"));
        CHECK(writer_test::read_file(folder.file("a.vhdx")) == file);
    }
}

TEST_CASE("vhdx: of several runs in a log the newest valid one counts, without entries that are older or torn",
          "[vhdx]") {
    const ScratchFolder folder;
    const auto byte_after = [&](const std::vector<LogEntry>& entries, std::size_t torn_at = 0) {
        Image image(mib_bytes);
        image.block(0, filled(mib_bytes, 'a')).log(entries);
        Bytes file = image.file();
        if (torn_at != 0) file[Image::log_at + torn_at] ^= std::byte{1};
        write_file(folder.file("a.vhdx"), file);
        return static_cast<char>(read_all(*open_image(folder.file("a.vhdx"))).front());
    };
    const std::uint64_t at = 4 * mib_bytes;
    CHECK(byte_after({{5, 0, 0, 0, 0, {{at, page_of('o')}}}, {9, 16384, 16384, 0, 0, {{at, page_of('n')}}}}) == 'n');
    CHECK(byte_after({{9, 0, 0, 0, 0, {{at, page_of('n')}}}, {5, 16384, 16384, 0, 0, {{at, page_of('o')}}}}) == 'n');
    // The tail of the last entry is behind the first one: that one has reached its place already.
    CHECK(byte_after({{5, 0, 0, 0, 0, {{at, page_of('1')}}}, {6, 8192, 8192, 0, 0, {{at + 4096, page_of('2')}}}}) ==
          'a');
    // A torn last entry was never reported as written.
    CHECK(byte_after({{5, 0, 0, 0, 0, {{at, page_of('1')}}}, {6, 8192, 0, 0, 0, {{at, page_of('2')}}}}, 8192 + 5000) ==
          '1');
    // A run whose tail is not part of it does not count.
    CHECK(byte_after({{5, 0, 0, 0, 0, {{at, page_of('1')}}}, {8, 16384, 4096, 0, 0, {{at, page_of('2')}}}}) == '1');
}

TEST_CASE("vhdx: a log that can't be replayed is refused", "[vhdx][bad-input]") {
    const ScratchFolder folder;
    const auto refusal = [&](const LogEntry& entry, const std::function<void(Bytes&)>& edit = {}) {
        Image image(mib_bytes);
        image.block(0, filled(mib_bytes, 'a')).log({entry});
        Bytes file = image.file();
        if (edit) edit(file);
        write_file(folder.file("a.vhdx"), file);
        return refusal_of(folder.file("a.vhdx"));
    };
    const std::uint64_t at = 4 * mib_bytes;
    CHECK(refusal({5, 0, 0, 0, 0, {{at, page_of('x')}}}).empty());
    CHECK_THAT(refusal({5, 0, 0, 100 * mib_bytes, 0, {{at, page_of('x')}}}),
               ContainsSubstring("the log expects a file of at least 104857600 bytes, found 5242880: it was cut off"));
    CHECK_THAT(
        refusal({5, 0, 0, 0, 0, {{at, page_of('x')}}}, [](Bytes& f) { f[Image::log_at + 4200] ^= std::byte{1}; }),
        ContainsSubstring("expected a log with entries to replay"));
    CHECK_THAT(refusal({5, 0, 4096, 0, 0, {{at, page_of('x')}}}), ContainsSubstring("expected a log with entries"));
    CHECK_THAT(refusal({5, 0, 0, 0, ~std::uint64_t{0}, {{at, page_of('x')}}}), ContainsSubstring("a file of at most"));
    for (const std::uint64_t target : {std::uint64_t{0}, std::uint64_t{64} << 10, std::uint64_t{128} << 10, at + 512,
                                       Image::log_at, ~std::uint64_t{4095}})
        CHECK_THAT(refusal({5, 0, 0, 0, 0, {{target, page_of('x')}}}),
                   ContainsSubstring(fmt::format("found 4096 bytes at {}", target)));
    for (const std::uint64_t zeros : {std::uint64_t{512}, std::uint64_t{1} << 63, ~std::uint64_t{4095}})
        CHECK_THAT(refusal({5, 0, 0, 0, 0, {{at, {}, zeros}}}),
                   ContainsSubstring(fmt::format("found {} bytes at", zeros)));
}

}  // namespace varve::reader_test
