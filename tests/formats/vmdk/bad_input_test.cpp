// Malicious VMDK files, after the known weaknesses of image parsers. Each is refused with an error that names the
// place, or is read correctly.

#include <fcntl.h>
#include <functional>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/formats/vmdk/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using vmdk::FileBytes;
using vmdk::Hosted;
using vmdk::SeSparse;
using vmdk::Stream;
using vmdk::StreamTail;

struct Case {
    std::string what;
    std::function<void(FileBytes&)> change;
    std::string message;  ///< a part of the error; empty: it must be readable
};

std::string text(std::uint64_t sectors, const std::string& create_type) {
    return vmdk::descriptor(create_type, {"RW " + std::to_string(sectors) + " SPARSE \"x\""});
}

/// `file` is the image, or its extent, which the descriptor `beside` lists.
void run(const std::vector<Case>& cases, const FileBytes& file, const std::string& beside = {}) {
    ScratchFolder folder;
    const std::string path = folder.file("x");
    const std::string named = beside.empty() ? path : folder.file("d.vmdk");
    if (!beside.empty()) write_file(named, bytes_of(beside));
    for (const Case& c : cases) {
        INFO(c.what);
        FileBytes changed = file;
        c.change(changed);
        write_file(path, changed.view());
        const std::string refusal = refusal_of(named, {{.format = "vmdk"}});
        if (c.message.empty())
            CHECK(refusal == "");
        else
            CHECK_THAT(refusal, ContainsSubstring(c.message));
        if (!c.message.empty()) CHECK_THAT(refusal, ContainsSubstring(folder.path().string()));
    }
}

constexpr std::uint64_t huge = std::uint64_t{1} << 63;

}  // namespace

TEST_CASE("VMDK: an extent outside the image's folder is refused", "[formats][vmdk][bad-input]") {
    ScratchFolder folder;
    write_file(folder.file("secret"), Bytes(4096, std::byte{'s'}));
    std::filesystem::create_directory(folder.file("vm"));
    std::filesystem::create_symlink(folder.file("secret"), folder.path() / "vm" / "link");
    const std::string path = folder.file("vm/d.vmdk");
    for (const std::string name : {"/etc/passwd", "../secret", "link", "/dev/sda", "\\\\.\\PhysicalDrive0",
                                   "json:{\"driver\":\"file\"}", "nbd://x/y", "ssh://x/y"}) {
        for (const std::string type : {"FLAT", "SPARSE", "VMFS", "VMFSSPARSE", "SESPARSE"}) {
            CAPTURE(name, type);
            if (name.starts_with("json")) continue;  // its quotes end the name
            write_file(path, bytes_of(vmdk::descriptor("custom", {fmt::format("RW 8 {} \"{}\" 0", type, name)})));
            CHECK_FALSE(refusal_of(path).empty());
        }
    }
    write_file(path, bytes_of(vmdk::descriptor("custom", {"RW 8 FLAT \"../secret\" 0"})));
    CHECK_THAT(refusal_of(path), ContainsSubstring("--allow-under"));
    CHECK(refusal_of(path, {{.allow_under = {folder.path().string()}}}).empty());
}

TEST_CASE("VMDK: a descriptor written by the guest of a raw disk gives no access to other files",
          "[formats][vmdk][bad-input]") {
    ScratchFolder folder;
    write_file(folder.file("secret"), Bytes(4096, std::byte{'s'}));
    const std::string guest = vmdk::descriptor("monolithicFlat", {"RW 8 FLAT \"secret\" 0"});
    write_file(folder.file("disk.img"), bytes_of(guest));
    const auto reader = open_image(folder.file("disk.img"));
    REQUIRE(reader->info().warnings.size() == 1);
    CHECK_THAT(reader->info().warnings[0], ContainsSubstring("has a vmdk header that names another file"));
    CHECK(text_of(read_all(*open_image(folder.file("disk.img"), {{.format = "raw"}}))) == guest);
    write_file(folder.file("disk.vmdk"), bytes_of(guest));
    CHECK(open_image(folder.file("disk.vmdk"))->info().warnings.empty());
}

TEST_CASE("VMDK: impossible sizes in a hosted sparse header are refused before anything is allocated",
          "[formats][vmdk][bad-input]") {
    run(
        {
            {"as it is", [](FileBytes&) {}, ""},
            {"version 0", [](FileBytes& f) { f.le32(4, 0); }, "sparse extent of version 0"},
            {"version 4", [](FileBytes& f) { f.le32(4, 4); }, "sparse extent of version 4"},
            {"capacity 2^63", [](FileBytes& f) { f.le64(12, huge); }, "at byte 12: capacity: expected at most"},
            {"capacity 2^50", [](FileBytes& f) { f.le64(12, std::uint64_t{1} << 50); },
             "expected at most 33554432 grain tables"},
            {"grain 0", [](FileBytes& f) { f.le64(20, 0); }, "at byte 20: grainSize: expected a power of two"},
            {"grain 1", [](FileBytes& f) { f.le64(20, 1).le64(12, std::uint64_t{1} << 50); }, "grainSize"},
            {"grain 3", [](FileBytes& f) { f.le64(20, 3); }, "grainSize"},
            {"grain 24", [](FileBytes& f) { f.le64(20, 24); }, "grainSize"},
            {"grain 2^40", [](FileBytes& f) { f.le64(20, std::uint64_t{1} << 40); }, "grainSize"},
            {"grain 2^63", [](FileBytes& f) { f.le64(20, huge); }, "grainSize"},
            {"numGTEs 0", [](FileBytes& f) { f.le32(44, 0); }, "at byte 44: numGTEsPerGT: expected 1 to 512, found 0"},
            {"numGTEs 2^31", [](FileBytes& f) { f.le32(44, 0x80000000); }, "numGTEsPerGT"},
            {"descriptor of 2^40 sectors", [](FileBytes& f) { f.le64(36, std::uint64_t{1} << 40); }, "descriptorSize"},
            {"descriptor of 0 sectors", [](FileBytes& f) { f.le64(36, 0); }, "descriptorSize"},
            {"descriptor past the end", [](FileBytes& f) { f.le64(28, 1 << 20); }, "expected the descriptor"},
            {"descriptor at 2^63", [](FileBytes& f) { f.le64(28, huge); }, "descriptorOffset"},
            {"no descriptor", [](FileBytes& f) { f.le64(28, 0).le64(36, 0); }, "open the descriptor instead"},
            {"overHead 2^63", [](FileBytes& f) { f.le64(64, huge); }, "overHead"},
            {"sent as text", [](FileBytes& f) { f.text(73, "\n \n\n"); }, "the file was transferred as text"},
            {"shorter than the line", [](FileBytes& f) { f.le64(12, 63); }, "expected 32768 bytes from 0 on"},
            {"unclean", [](FileBytes& f) { f.text(72, "\1"); }, ""},
        },
        vmdk::hosted(64, {{1, 'a'}}, text(64, "monolithicSparse")).file);
    run({{"grain of 16 MiB", [](FileBytes& f) { f.le64(20, 32768); }, "grainSize"},
         {"algorithm 2", [](FileBytes& f) { f.le16(77, 2); }, "compression algorithm 2"}},
        vmdk::stream(256, {{1, 'a'}}, text(256, "streamOptimized"), StreamTail::footer).file);
}

TEST_CASE("VMDK: table entries past the end of the file are named in the error, shared grains are read",
          "[formats][vmdk][bad-input]") {
    const Hosted good = vmdk::hosted(64, {{1, 'a'}, {2, 'b'}}, text(64, "monolithicSparse"));
    const std::uint64_t end = good.file.end();
    run(
        {
            {"grain past the end",
             [&](FileBytes& f) { f.le32(8, 1).le32(Hosted::table + 12, static_cast<std::uint32_t>(end / 512)); },
             "grain table 0, entry 3: expected a grain within the"},
            {"all bits", [](FileBytes& f) { f.le32(8, 1).le32(Hosted::table, 0xffffffff); }, "entry 0"},
            {"table past the end", [](FileBytes& f) { f.le32(8, 1).le32(Hosted::directory, 0x00ffffff); },
             "grain directory entry 0: expected a grain table"},
            {"table cut by the end",
             [&](FileBytes& f) { f.le32(8, 1).le32(Hosted::directory, static_cast<std::uint32_t>(end / 512 - 1)); },
             "grain directory entry 0"},
            {"two entries, one grain",
             [](FileBytes& f) { f.le32(8, 1).le32(Hosted::table + 4, Hosted::data / 512 + 8); }, ""},
            {"a grain in the tables", [](FileBytes& f) { f.le32(8, 1).le32(Hosted::table + 4, Hosted::table / 512); },
             ""},
            {"the last grain cut", [&](FileBytes& f) { f.cut(end - 100); }, ""},
            {"the last grain gone", [&](FileBytes& f) { f.cut(end - 4096); }, "entry 2"},
        },
        good.file);
    ScratchFolder folder;
    Hosted bad = good;
    bad.file.le32(8, 1).le32(Hosted::table + 12, 0x7fffffff);  // without a second copy
    write_file(folder.file("a"), bad.file.view());
    const auto reader = open_image(folder.file("a"));
    Bytes bytes(4096);
    CHECK_THROWS_AS(reader->read(ByteOffset{3 * 4096}, bytes), Error);
    reader->read(ByteOffset{2 * 4096}, bytes);
    CHECK(bytes == Bytes(4096, std::byte{'b'}));
}

TEST_CASE("VMDK: inconsistent compressed grains are refused", "[formats][vmdk][bad-input]") {
    const Stream good = vmdk::stream(256, {{0, 'a'}, {1, 'b'}}, text(256, "streamOptimized"), StreamTail::footer);
    const std::uint64_t at = good.markers.at(1);
    const auto put = [&](std::size_t length) {
        return [&, length](FileBytes& f) {
            const std::string packed = vmdk::deflated(std::string(length, 'x'));
            f.le32(at + 8, static_cast<std::uint32_t>(packed.size())).text(at + 12, packed);
        };
    };
    run(
        {
            {"as it is", [](FileBytes&) {}, ""},
            {"another's marker", [&](FileBytes& f) { f.le64(at, 0); },
             "expected the one of sector 128, found the one of sector 0"},
            {"marker at 2^63", [&](FileBytes& f) { f.le64(at, huge); }, "grain marker"},
            {"stream of 4 GiB", [&](FileBytes& f) { f.le32(at + 8, 0xffffffff); }, "expected a stream of 1 to"},
            {"stream of 0", [&](FileBytes& f) { f.le32(at + 8, 0); }, "expected a stream of 1 to"},
            {"short stream", [&](FileBytes& f) { f.le32(at + 8, 5); }, "found one that is damaged or ends early"},
            {"damaged stream", [&](FileBytes& f) { f.le32(at + 14, 0x12345678); }, "compressed grain 1"},
            {"one byte more than a grain", put(65537), "found one that holds more than a grain"},
            {"ten grains", put(655360), "found one that holds more than a grain"},
            {"one byte less", put(65535), "expected a zlib stream of 65536 bytes, found one of 65535"},
            {"a footer of another size", [&](FileBytes& f) { f.le64(good.footer + 12, 128); },
             "header and footer differ"},
        },
        good.file);
    const Stream bare = vmdk::stream(256, {{0, 'a'}, {1, 'b'}}, text(256, "streamOptimized"), StreamTail::none);
    run(
        {
            {"a grain twice", [&](FileBytes& f) { f.le64(at, 0); }, "grain 0 occurs twice in the stream"},
            {"a grain past the disk", [&](FileBytes& f) { f.le64(at, 256); },
             "expected the first sector of one of 2 grains"},
            {"between grains", [&](FileBytes& f) { f.le64(at, 100); }, "found sector 100"},
            {"stream of 4 GiB", [&](FileBytes& f) { f.le32(at + 8, 0xffffffff); }, "expected a stream of at most"},
            {"a marker of type 5", [&](FileBytes& f) { f.le32(at + 8, 0).le32(at + 12, 5); }, "found type 5"},
            {"a marker of 2^63 sectors", [&](FileBytes& f) { f.le64(at, huge).le32(at + 8, 0).le32(at + 12, 1); },
             "expected a marker"},
            {"no end", [&](FileBytes& f) { f.cut(f.end() - 512); }, "its end was cut off"},
        },
        bare.file);
}

TEST_CASE("VMDK: inconsistent COWD extents are refused", "[formats][vmdk][bad-input]") {
    run(
        {
            {"as it is", [](FileBytes&) {}, ""},
            {"version 2", [](FileBytes& f) { f.le32(4, 2); }, "COWD extent of version 2"},
            {"grain 0", [](FileBytes& f) { f.le32(16, 0); }, "at byte 16: grainSize"},
            {"grain 3", [](FileBytes& f) { f.le32(16, 3); }, "grainSize"},
            {"grain 2^31", [](FileBytes& f) { f.le32(16, 0x80000000); }, "grainSize"},
            {"too few tables", [](FileBytes& f) { f.le32(24, 1); }, "numGDEntries: expected at least 2, found 1"},
            {"2^32 sectors", [](FileBytes& f) { f.le32(12, 0xffffffff).le32(24, 0xffffffff); },
             "expected the grain directory of 1048576 entries"},
            {"directory past the end", [](FileBytes& f) { f.le32(20, 0xffffffff); }, "expected the grain directory"},
            {"table past the end", [](FileBytes& f) { f.le32(2048, 0x7fffffff); }, "grain directory entry 0"},
            {"grain past the end", [](FileBytes& f) { f.le32(2560, 0x7fffffff); }, "grain table 0, entry 0"},
            {"fewer sectors than the line", [](FileBytes& f) { f.le32(12, 4999); }, "expected 2560000 bytes"},
            {"cut in the header", [](FileBytes& f) { f.cut(2000); }, "COWD header"},
        },
        vmdk::cowd(5000, {{0, 'a'}}), vmdk::descriptor("vmfsSparse", {"RW 5000 VMFSSPARSE \"x\""}));
}

TEST_CASE("VMDK: inconsistent seSparse extents are refused", "[formats][vmdk][bad-input]") {
    const auto type = [](std::uint64_t entry) { return [=](FileBytes& f) { f.le64(SeSparse::tables, entry); }; };
    run(
        {
            {"as it is", [](FileBytes&) {}, ""},
            {"version", [](FileBytes& f) { f.le64(8, 1); }, "seSparse extent of version 0x1"},
            {"capacity 2^63", [](FileBytes& f) { f.le64(16, huge); }, "at byte 16: capacity"},
            {"capacity past the directory", [](FileBytes& f) { f.le64(16, std::uint64_t{1} << 50); },
             "grain directory"},
            {"grain 0", [](FileBytes& f) { f.le64(24, 0); }, "grainSize: expected 0x8, found 0x0"},
            {"table 0", [](FileBytes& f) { f.le64(32, 0); }, "grainTableSize"},
            {"flags", [](FileBytes& f) { f.le64(40, 2); }, "seSparse flags 0x2"},
            {"journal", [](FileBytes& f) { f.le64(536, 1); }, "its journal was not replayed"},
            {"volatile magic", [](FileBytes& f) { f.le64(512, 1); }, "volatile header's magic"},
            {"volatile header past the end", [](FileBytes& f) { f.le64(80, 1 << 30); }, "volatile header"},
            {"directory at 2^63", [](FileBytes& f) { f.le64(128, huge); }, "at byte 128: grain directory"},
            {"directory past the end", [](FileBytes& f) { f.le64(128, 1 << 30); }, "grain directory"},
            {"directory too short", [](FileBytes& f) { f.le64(136, 0); },
             "grain directory: expected at least 1 entries"},
            {"entry without mark", [](FileBytes& f) { f.le64(SeSparse::directory, 5); }, "grain directory entry 0"},
            {"table 2^32-1", [](FileBytes& f) { f.le64(SeSparse::directory, 0x10000000ffffffff); }, "entry 0"},
            {"unallocated with bits", type(5), "an unallocated grain with an address"},
            {"type 4", type(0x4000000000000000), "an unknown type"},
            {"grain past the end", type(0x3000000000000001), "a grain past the end of the file"},
            {"index that overflows", type(0x3fffffffffffffff), "a grain past the end of the file"},
            {"cut in the header", [](FileBytes& f) { f.cut(300); }, "seSparse header"},
        },
        vmdk::sesparse(64, {{0, 'a'}}).file, vmdk::descriptor("seSparse", {"RW 64 SESPARSE \"x\""}));
}

TEST_CASE("VMDK: virtual sizes are exact", "[formats][vmdk][bad-input]") {
    ScratchFolder folder;
    const std::string path = folder.file("d.vmdk");
    for (const std::uint64_t sectors :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 23, (std::uint64_t{1} << 32) + 1,
          (std::uint64_t{1} << 44) + 1, (std::uint64_t{1} << 54) - 1}) {
        CAPTURE(sectors);
        write_file(path, bytes_of(vmdk::descriptor("custom", {"RW " + std::to_string(sectors) + " ZERO"})));
        const auto reader = open_image(path);
        CHECK(reader->info().virtual_size.value == sectors * 512);
        if (sectors == 0) continue;
        CHECK(reader->extent_at(ByteOffset{sectors * 512 - 1}).length.value == 1);
    }
    qemu_img({"create", "-q", "-f", "vmdk", folder.file("empty.vmdk"), "0"});
    CHECK(open_image(folder.file("empty.vmdk"))->info().virtual_size.value == 0);
    qemu_img({"create", "-q", "-f", "vmdk", folder.file("large.vmdk"), "40T"});
    const auto large = open_image(folder.file("large.vmdk"));
    CHECK(large->info().virtual_size.value == std::uint64_t{40} << 40);
    Bytes last(1, std::byte{1});
    large->read(ByteOffset{(std::uint64_t{40} << 40) - 1}, last);
    CHECK(last[0] == std::byte{0});
}

TEST_CASE("VMDK: every truncation and bit flip is either refused or read", "[formats][vmdk][bad-input]") {
    ScratchFolder folder;
    constexpr unsigned seed = 4711;
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const std::string path = folder.file("x");
    write_file(folder.file("d.vmdk"), bytes_of(vmdk::descriptor("custom", {"RW 64 SPARSE \"x\""})));
    const std::vector<FileBytes> files{
        vmdk::hosted(64, {{1, 'a'}, {7, 'b'}}, "", {3}).file,
        vmdk::stream(64, {{0, 'a'}}, "", StreamTail::footer).file,
        vmdk::stream(64, {{0, 'a'}}, "", StreamTail::none).file,
        vmdk::cowd(64, {{0, 'a'}, {63, 'b'}}),
        vmdk::sesparse(64, {{0, 'a'}, {5, 'b'}}, {2}, {3}).file,
    };
    for (const FileBytes& file : files) {
        std::vector<std::uint64_t> used;  // bytes that are not zero: the others change little
        for (std::uint64_t i = 0; i < file.end(); ++i)
            if (file.view()[static_cast<std::size_t>(i)] != std::byte{0} && (i < 4096 || random() % 64 == 0))
                used.push_back(i);
        for (int i = 0; i < 400; ++i) {
            FileBytes changed = file;
            const std::uint64_t at = i % 4 == 0 ? random() % 512 : used[random() % used.size()];
            const auto old = static_cast<unsigned char>(file.view()[static_cast<std::size_t>(at)]);
            changed.fill(at, 1, static_cast<char>(old ^ (1u << random() % 8)));
            write_file(path, changed.view());
            CHECK_NOTHROW(refusal_of(folder.file("d.vmdk")));
        }
        for (std::uint64_t length = 0; length < file.end(); length += 1 + random() % 1500) {
            FileBytes cut = file;
            write_file(path, cut.cut(length).view());
            CHECK_NOTHROW(refusal_of(folder.file("d.vmdk")));
        }
    }
}

}  // namespace varve::reader_test
