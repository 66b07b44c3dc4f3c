// What qemu does not write or gets wrong: extent lines of every kind, damaged directories, streams with and without
// footers, COWD and seSparse, chains of files copied from another host. Images are built from the specification.

#include <fcntl.h>
#include <filesystem>
#include <functional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/catch.h"
#include "tests/contract/image_reader_contract.h"
#include "tests/formats/vmdk/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using vmdk::Grains;
using vmdk::Hosted;
using vmdk::SeSparse;
using vmdk::Stream;
using vmdk::StreamTail;

std::string one_extent(std::uint64_t sectors, const std::string& create_type = "monolithicSparse") {
    return vmdk::descriptor(create_type, {"RW " + std::to_string(sectors) + " SPARSE \"generated.vmdk\""});
}

Bytes fill(std::size_t length, char with) { return Bytes(length, static_cast<std::byte>(with)); }

ExtentKind kind_at(const ImageReader& reader, std::uint64_t at) { return reader.extent_at(ByteOffset{at}).kind; }

Bytes read_at(const ImageReader& reader, std::uint64_t at, std::size_t length) {
    Bytes bytes(length, std::byte{0x5a});
    reader.read(ByteOffset{at}, bytes);
    return bytes;
}

const std::string& warning_of(const ImageReader& reader) {
    REQUIRE(reader.info().warnings.size() == 1);
    return reader.info().warnings.front();
}

}  // namespace

TEST_CASE("VMDK: extents of every kind are mapped in the order of their lines", "[formats][vmdk]") {
    ScratchFolder folder;
    Bytes flat = fill(4096, 'a');
    std::fill_n(flat.begin() + 1024, 1024, std::byte{'b'});
    write_file(folder.file("f"), flat);
    write_file(folder.file("s"), vmdk::hosted(24, {{1, 's'}}, "").file.view());
    write_file(folder.file("c"), vmdk::cowd(16, {{3, 'c'}}).view());
    write_file(folder.file("e"), vmdk::sesparse(16, {{1, 'e'}}, {0}).file.view());
    const std::string path = folder.file("d.vmdk");
    write_file(path,
               bytes_of(vmdk::descriptor(
                   "custom", {"RW 2 FLAT \"f\" 2", "RW 3 ZERO", "RDONLY 1 FLAT \"f\" 0", "NOACCESS 4 FLAT \"gone\" 0",
                              "RW 24 SPARSE \"s\"", "NOACCESS 2 ZERO", "RW 0 FLAT \"/etc/passwd\" 0",
                              "RW 16 VMFSSPARSE \"c\"", "RW 16 SESPARSE \"e\"", "RW 2 VMFS \"f\""})));
    const OpenedImage image = open_image_chain(path);
    const ImageReader& reader = *image.reader;
    CHECK(image.layers.size() == 5);
    Bytes expected;
    const auto add = [&](std::uint64_t sectors, char with) {
        expected.insert(expected.end(), static_cast<std::size_t>(sectors * 512), static_cast<std::byte>(with));
    };
    add(2, 'b'), add(3, 0), add(1, 'a'), add(4, 0);
    add(8, 0), add(8, 's'), add(8, 0);
    add(2, 0), add(3, 0), add(1, 'c'), add(12, 0), add(8, 0), add(8, 'e'), add(2, 'a');
    contract::check_image_reader(reader, expected);
    CHECK(kind_at(reader, 2 * 512) == ExtentKind::zero);
    CHECK(kind_at(reader, 6 * 512) == ExtentKind::zero);
    CHECK(kind_at(reader, 10 * 512) == ExtentKind::unallocated);
    CHECK(kind_at(reader, (10 + 26 + 16) * 512) == ExtentKind::zero);
    REQUIRE(reader.info().warnings.size() == 2);
    CHECK_THAT(reader.info().warnings[0], ContainsSubstring("line 11: 2048 bytes of the disk are marked NOACCESS"));
    CHECK(reader.info().options.at("subformat") == "custom");
    CHECK(reader.info().options.at("hwversion") == "13");
    CHECK(reader.info().options.at("adapter_type") == "lsilogic");
}

TEST_CASE("VMDK: a hole of a flat extent over a parent reads as zeros", "[formats][vmdk]") {
    ScratchFolder folder;
    write_file(folder.file("base.vmdk"), vmdk::hosted(2048, {{0, 'p'}, {200, 'p'}}, one_extent(2048)).file.view());
    const File file = File::open(folder.file("f"), O_RDWR | O_CREAT);
    file.truncate({1 << 20});
    file.write_all(ByteOffset{}, fill(4096, 'x'));
    write_file(folder.file("d.vmdk"), bytes_of(vmdk::descriptor("monolithicFlat", {"RW 2048 FLAT \"f\" 0"}, "1",
                                                                "12345678", {"parentFileNameHint=\"base.vmdk\""})));
    const auto reader = open_image(folder.file("d.vmdk"));
    CHECK(read_at(*reader, 0, 4096) == fill(4096, 'x'));
    CHECK(is_zero(read_at(*reader, 200 * 4096, 4096)));
    CHECK(kind_at(*reader, 200 * 4096) == ExtentKind::zero);
}

TEST_CASE("VMDK hosted sparse: data, zero and unallocated grains, and a size that is not a whole number of grains",
          "[formats][vmdk][pipeline]") {
    ScratchFolder folder;
    const Grains grains{{0, 'a'}, {5, 'b'}, {6, 'c'}, {512, 'd'}, {600, 'e'}};
    const std::uint64_t sectors = 600 * 8 + 3;
    const Hosted built = vmdk::hosted(sectors, grains, one_extent(sectors), {7, 8});
    write_file(folder.file("a.vmdk"), built.file.view());
    const auto reader = open_image(folder.file("a.vmdk"));
    contract::check_image_reader(*reader, vmdk::guest_bytes(sectors, Hosted::grain, grains));
    CHECK(kind_at(*reader, 7 * 4096) == ExtentKind::zero);
    CHECK(kind_at(*reader, 9 * 4096) == ExtentKind::unallocated);
    CHECK(reader->info().options.at("zeroed_grain") == "on");
    CHECK(reader->info().cluster_size.value == 4096);
}

TEST_CASE("VMDK: the redundant grain directory is used if the first is damaged", "[formats][vmdk]") {
    ScratchFolder folder;
    const Grains grains{{0, 'a'}, {513, 'b'}};
    const std::uint64_t sectors = 1024 * 8;
    const Hosted good = vmdk::hosted(sectors, grains, one_extent(sectors));
    const Bytes expected = vmdk::guest_bytes(sectors, Hosted::grain, grains);
    const std::string path = folder.file("a.vmdk");
    const std::vector<std::pair<std::string, std::function<void(vmdk::FileBytes&)>>> damages{
        {"entry past the end", [](auto& f) { f.le32(Hosted::directory + 4, 0x7fffffff); }},
        {"empty", [](auto& f) { f.le32(Hosted::directory, 0).le32(Hosted::directory + 4, 0); }},
        {"directory past the end", [](auto& f) { f.le64(56, 1 << 20); }},
        {"directory at 2^63", [](auto& f) { f.le64(56, std::uint64_t{1} << 63); }},
    };
    for (const auto& [what, damage] : damages) {
        CAPTURE(what);
        Hosted built = good;
        damage(built.file);
        write_file(path, built.file.view());
        const auto reader = open_image(path);
        CHECK(read_all(*reader) == expected);
        CHECK_THAT(warning_of(*reader), ContainsSubstring("the redundant one was read instead"));
        built.file.le32(8, 1);  // and none
        write_file(path, built.file.view());
        if (what == "empty")
            CHECK(is_zero(read_all(*open_image(path))));
        else
            CHECK_FALSE(refusal_of(path).empty());
    }
    Hosted both = good;
    both.file.le32(Hosted::directory + 4, 0x7fffffff).le32(Hosted::redundant_directory, 0x7fffffff);
    write_file(path, both.file.view());
    CHECK(read_all(*open_image(path)) == expected);
    both.file.le32(Hosted::redundant_directory + 4, 0);
    write_file(path, both.file.view());
    CHECK(read_at(*open_image(path), 0, 4096) == fill(4096, 'a'));
    CHECK_THAT(refusal_of(path), ContainsSubstring("grain directory entry 1: expected a grain table within") &&
                                     ContainsSubstring("no table in the other copy"));
}

TEST_CASE("VMDK stream: read by its footer, past padding, by a directory in front, or by its markers",
          "[formats][vmdk]") {
    ScratchFolder folder;
    const Grains grains{{0, 'a'}, {3, 'b'}, {511, 'c'}, {1024, 'd'}, {1030, 'e'}};
    const std::uint64_t sectors = 1030 * 128 + 5;
    const Bytes expected = vmdk::guest_bytes(sectors, Stream::grain, grains);
    const std::string text = one_extent(sectors, "streamOptimized");
    const std::string path = folder.file("a.vmdk");
    const auto check = [&](const vmdk::FileBytes& file, const std::string& warning) {
        write_file(path, file.view());
        const auto reader = open_image(path);
        const auto difference = writer_test::first_difference(read_all(*reader), expected);
        CHECK_FALSE(difference);
        CHECK(kind_at(*reader, 4 * Stream::grain) == ExtentKind::unallocated);
        if (warning.empty())
            CHECK(reader->info().warnings.empty());
        else
            CHECK_THAT(warning_of(*reader), ContainsSubstring(warning));
    };
    const Stream footer = vmdk::stream(sectors, grains, text, StreamTail::footer);
    check(footer.file, "");
    for (const std::uint64_t padding : {1u, 511u, 512u, 65536u, 200001u, (15u << 20) + 100u}) {
        CAPTURE(padding);
        Stream padded = footer;
        check(padded.file.grow(padded.file.end() + padding), "");
    }
    check(vmdk::stream(sectors, grains, text, StreamTail::directory_in_front).file, "");
    check(vmdk::stream(sectors, grains, text, StreamTail::none).file, "it has no footer");
    Stream damaged = footer;
    damaged.file.le32(footer.directory, 0x7fffffff);
    check(damaged.file, "the stream's markers were used instead");

    write_file(path, footer.file.view());
    contract::check_image_reader(*open_image(path), expected);
}

TEST_CASE("VMDK stream: truncated anywhere, it is refused or still complete", "[formats][vmdk][bad-input]") {
    ScratchFolder folder;
    const Grains grains{{0, 'a'}, {3, 'b'}};
    const std::string path = folder.file("a.vmdk");
    for (const StreamTail tail : {StreamTail::footer, StreamTail::none, StreamTail::directory_in_front}) {
        const Stream whole = vmdk::stream(600, grains, one_extent(600, "streamOptimized"), tail);
        const Bytes expected = vmdk::guest_bytes(600, Stream::grain, grains);
        unsigned refused = 0;
        for (std::uint64_t length = 0; length < whole.file.end(); length += length < Stream::data ? 997 : 61) {
            CAPTURE(length);
            Stream cut = whole;
            write_file(path, cut.file.cut(length).view());
            const std::string refusal = refusal_of(path, {{.format = "vmdk"}});
            if (!refusal.empty())
                ++refused;
            else
                CHECK(read_all(*open_image(path)) == expected);
        }
        CHECK(refused > 20);
    }
}

TEST_CASE("VMDK stream: a descriptor with comments before its title and odd blanks is accepted", "[formats][vmdk]") {
    ScratchFolder folder;
    const std::string text =
        "# exported by a tool\n# at night\n# Disk DescriptorFile\nversion=1 \nCID=a454774a \n"
        "parentCID=ffffffff \ncreateType=\"streamOptimized\" \n"
        "RDONLY 256 SPARSE \"generated-stream.vmdk\"\n";
    write_file(folder.file("a"), vmdk::stream(256, {{1, 'x'}}, text, StreamTail::footer).file.view());
    CHECK(read_all(*open_image(folder.file("a"))) == vmdk::guest_bytes(256, Stream::grain, {{1, 'x'}}));
}

TEST_CASE("VMDK COWD: an ESX delta over its base, and files without a descriptor", "[formats][vmdk][pipeline]") {
    ScratchFolder folder;
    const std::uint32_t sectors = 10000;
    write_file(folder.file("base-flat.vmdk"), fill(sectors * 512, 'b'));
    write_file(folder.file("base.vmdk"),
               bytes_of(vmdk::descriptor("vmfs", {"RW 10000 VMFS \"base-flat.vmdk\""}, "000000aa")));
    const Grains grains{{0, 'x'}, {1, 'y'}, {5000, 'z'}, {9999, 'w'}};
    write_file(folder.file("d-delta.vmdk"), vmdk::cowd(sectors, grains).view());
    write_file(folder.file("d.vmdk"), bytes_of(vmdk::descriptor("vmfsSparse", {"RW 10000 VMFSSPARSE \"d-delta.vmdk\""},
                                                                "bb", "aa", {"parentFileNameHint=\"base.vmdk\""})));
    Bytes expected = fill(sectors * 512, 'b');
    for (const auto& [grain, with] : grains)
        std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(grain * 512), 512, static_cast<std::byte>(with));
    const auto reader = open_image(folder.file("d.vmdk"));
    contract::check_image_reader(*reader, expected);
    CHECK(qemu_bytes(folder.file("d.vmdk"), "vmdk") == expected);
    CHECK(reader->info().cluster_size.value == 512);

    CHECK_THAT(refusal_of(folder.file("d-delta.vmdk")), ContainsSubstring("the data of a snapshot") &&
                                                            ContainsSubstring("open the descriptor 'd.vmdk' instead"));
    write_file(folder.file("renamed.vmdk"), vmdk::cowd(sectors, grains).view());
    CHECK_THAT(refusal_of(folder.file("renamed.vmdk")), ContainsSubstring("open the descriptor instead"));
    auto root = vmdk::cowd(sectors, grains);
    write_file(folder.file("root.vmdk"), root.le32(32, 20).le32(36, 16).le32(40, 63).view());
    CHECK(read_all(*open_image(folder.file("root.vmdk"))) == vmdk::guest_bytes(sectors, 512, grains));
    std::filesystem::rename(folder.file("root.vmdk"), folder.file("root-delta.vmdk"));
    CHECK_THAT(refusal_of(folder.file("root-delta.vmdk")), ContainsSubstring("open the descriptor 'root.vmdk'"));
    auto child = vmdk::cowd(sectors, grains);
    write_file(folder.file("child.vmdk"), child.text(32, "C:\\vm\\base.vmdk").view());
    CHECK(read_all(*open_image(folder.file("child.vmdk"))) == expected);
}

TEST_CASE("VMDK seSparse: a delta over its base reads as in qemu", "[formats][vmdk]") {
    ScratchFolder folder;
    const std::uint64_t sectors = 3 * 4096 * 8;
    const std::uint64_t size = sectors * 512;
    const File flat = File::open(folder.file("base-flat.vmdk"), O_RDWR | O_CREAT);
    flat.truncate({size});
    flat.write_all(ByteOffset{}, fill(64 << 10, 'b'));
    write_file(folder.file("base.vmdk"),
               bytes_of(vmdk::descriptor("vmfs", {"RW " + std::to_string(sectors) + " VMFS \"base-flat.vmdk\""})));
    Grains grains{{1, 'x'}, {2, 'y'}, {4095, 'z'}, {4096, 'w'}, {12287, 'v'}};
    for (std::uint64_t i = 0; i < 4200; ++i) grains[8000 + i] = static_cast<char>('A' + i % 26);  // index past 12 bits
    write_file(folder.file("d-sesparse.vmdk"), vmdk::sesparse(sectors, grains, {3, 4}, {5}).file.view());
    write_file(
        folder.file("d.vmdk"),
        bytes_of(vmdk::descriptor("seSparse", {"RW " + std::to_string(sectors) + " SESPARSE \"d-sesparse.vmdk\""}, "bb",
                                  "12345678", {"parentFileNameHint=\"base.vmdk\""})));
    const auto reader = open_image(folder.file("d.vmdk"));
    const Bytes found = read_all(*reader);
    CHECK_FALSE(writer_test::first_difference(found, qemu_bytes(folder.file("d.vmdk"), "vmdk")));
    CHECK(found[0] == std::byte{'b'});
    CHECK(is_zero(ByteView(found).subspan(3 * 4096, 3 * 4096)));
    CHECK(kind_at(*reader, 5 * 4096) == ExtentKind::zero);
    CHECK(kind_at(*reader, 6 * 4096) == ExtentKind::data);
    CHECK_THAT(refusal_of(folder.file("d-sesparse.vmdk")), ContainsSubstring("open the descriptor 'd.vmdk' instead"));
}

TEST_CASE("VMDK: a chain copied from another host is found, and its content IDs are checked", "[formats][vmdk]") {
    ScratchFolder folder;
    write_file(folder.file("base.vmdk"), vmdk::hosted(64, {{0, 'b'}}, one_extent(64)).file.view());
    const std::string path = folder.file("top.vmdk");
    const auto write_top = [&](const std::string& cid, const std::string& hint) {
        write_file(path, vmdk::hosted(64, {{1, 't'}},
                                      vmdk::descriptor("monolithicSparse", {"RW 64 SPARSE \"top.vmdk\""}, "99", cid,
                                                       {"parentFileNameHint=\"" + hint + "\""}))
                             .file.view());
    };
    const Bytes expected = vmdk::guest_bytes(64, Hosted::grain, {{0, 'b'}, {1, 't'}});
    for (const std::string hint : {"base.vmdk", "/vmfs/volumes/4f/vm/base.vmdk", "C:\\VMs\\base.vmdk"}) {
        CAPTURE(hint);
        write_top("12345678", hint);
        CHECK(read_all(*open_image(path)) == expected);
        CHECK(open_image(path)->info().backing == hint);
        write_top("12345679", hint);
        CHECK_THAT(refusal_of(path), ContainsSubstring("expected content id 12345679, found 12345678") &&
                                         ContainsSubstring("--ignore-cid") && ContainsSubstring("parentCID=12345678"));
        OpenOptions trusting;
        trusting.image.ignore_content_ids = true;
        const auto reader = open_image(path, trusting);
        CHECK(read_all(*reader) == expected);
        CHECK_THAT(fmt::format("{}", fmt::join(reader->info().warnings, "\n")),
                   ContainsSubstring("found 12345678; they were read as they are"));
        write_top("fffffffe", hint);
        CHECK(read_all(*open_image(path)) == expected);
    }
    for (const std::string hint : {"/etc/other.vmdk", "../other.vmdk", "nbd://host/base.vmdk", "json:{}"}) {
        CAPTURE(hint);
        write_top("12345678", hint);
        CHECK_THAT(refusal_of(path), ContainsSubstring("names its backing file '" + hint + "'"));
    }
    write_top("99", "top.vmdk");
    CHECK_THAT(refusal_of(path), ContainsSubstring("loops"));
}

TEST_CASE("VMDK: an extent named as on another host is found beside the descriptor", "[formats][vmdk]") {
    ScratchFolder folder;
    write_file(folder.file("f-flat.vmdk"), fill(8 * 512, 'f'));
    write_file(folder.file("s.vmdk"), vmdk::hosted(8, {{0, 's'}}, "").file.view());
    for (const std::string name : {"C:\\VMs\\f\\f-flat.vmdk", "/vmfs/volumes/5d1e/f/f-flat.vmdk",
                                   "[datastore1] f/f-flat.vmdk", "\\\\host\\share\\f-flat.vmdk", ".\\f-flat.vmdk"}) {
        CAPTURE(name);
        const std::string sparse = name.substr(0, name.size() - 11) + "s.vmdk";
        write_file(
            folder.file("d.vmdk"),
            bytes_of(vmdk::descriptor("custom", {"RW 8 FLAT \"" + name + "\" 0", "RW 8 SPARSE \"" + sparse + "\""})));
        const auto reader = open_image(folder.file("d.vmdk"));
        CHECK(read_at(*reader, 0, 4096) == fill(4096, 'f'));
        CHECK(read_at(*reader, 4096, 4096) == fill(4096, 's'));
    }
    write_file(folder.file("d.vmdk"), bytes_of(vmdk::descriptor("monolithicFlat", {"RW 8 FLAT \"C:\\gone.vmdk\" 0"})));
    CHECK_THAT(refusal_of(folder.file("d.vmdk")), ContainsSubstring("names its extent 'gone.vmdk'"));
    write_file(folder.file("d.vmdk"),
               bytes_of(vmdk::descriptor("vmfs", {"RW 8 VMFS \"/vmfs/volumes/5d1e/gone.vmdk\""})));
    CHECK_THAT(refusal_of(folder.file("d.vmdk")), ContainsSubstring("/vmfs/volumes/5d1e/gone.vmdk'"));
}

TEST_CASE("VMDK: names in the encoding that the descriptor declares lead to files with UTF-8 names",
          "[formats][vmdk]") {
    ScratchFolder folder;
    struct Case {
        std::string encoding, recorded, here;
    };
    for (const auto& [encoding, recorded, here] :
         {Case{"GBK", "\xd0\xe9\xc4\xe2.vmdk", "虚拟.vmdk"}, Case{"windows-1252", "M\xfcller.vmdk", "Müller.vmdk"},
          Case{"Shift_JIS", "C:\\VM\\\x83\x5c.vmdk", "ソ.vmdk"},  // its second byte is a backslash
          Case{"UTF-8", "Müller.vmdk", "Müller.vmdk"}, Case{"GBK", "M\xfcller.vmdk", "M\xfcller.vmdk"},
          Case{"no-such-encoding", "\xd0\xe9.vmdk", "\xd0\xe9.vmdk"}}) {
        CAPTURE(encoding, here);
        write_file(folder.file(here), fill(8 * 512, 'f'));
        write_file(folder.file("d"), bytes_of(vmdk::descriptor("monolithicFlat", {"RW 8 FLAT \"" + recorded + "\" 0"},
                                                               "1", "ffffffff", {"encoding=\"" + encoding + "\""})));
        CHECK(read_at(*open_image(folder.file("d")), 0, 4096) == fill(4096, 'f'));
        std::filesystem::remove(folder.file(here));
        write_file(folder.file(here),
                   vmdk::hosted(8, {{0, 'p'}}, one_extent(8)).file.view());  // as a parent's name, too
        write_file(
            folder.file("c"),
            vmdk::hosted(8, {},
                         vmdk::descriptor("monolithicSparse", {"RW 8 SPARSE \"c\""}, "2", "12345678",
                                          {"encoding=\"" + encoding + "\"", "parentFileNameHint=\"" + recorded + "\""}))
                .file.view());
        CHECK(read_at(*open_image(folder.file("c")), 0, 4096) == fill(4096, 'p'));
        std::filesystem::remove(folder.file(here));
    }
}

TEST_CASE("VMDK: a raw disk of VirtualBox over ordinary files is read", "[formats][vmdk]") {
    ScratchFolder folder;
    write_file(folder.file("pc.img"), fill(16 * 512, 'f'));
    write_file(folder.file("pc.vmdk"), bytes_of(vmdk::descriptor("fullDevice", {"RW 16 FLAT \"pc.img\" 0"})));
    CHECK(read_all(*open_image(folder.file("pc.vmdk"))) == fill(16 * 512, 'f'));
    write_file(folder.file("pc-pt.vmdk"), fill(2 * 512, 't'));
    write_file(folder.file("pc.vmdk"),
               bytes_of(vmdk::descriptor("partitionedDevice",
                                         {"RW 2 FLAT \"pc-pt.vmdk\" 0", "RW 6 ZERO", "RW 8 FLAT \"pc.img\" 8"})));
    const auto reader = open_image(folder.file("pc.vmdk"));
    CHECK(read_at(*reader, 0, 1024) == fill(1024, 't'));
    CHECK(is_zero(read_at(*reader, 1024, 3072)));
    CHECK(read_at(*reader, 4096, 4096) == fill(4096, 'f'));
    CHECK(reader->info().options.at("subformat") == "partitionedDevice");
}

}  // namespace varve::reader_test
