// VMDK compared with libvmdk, which shares no code with varve or qemu: it reads the same bytes from what varve writes,
// what qemu writes and real images. A table lists where it does not and why; the tests check that this still holds.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>

#include "formats/create_image.h"
#include "tests/catch.h"
#include "tests/contract/image_writer_contract.h"
#include "tests/formats/vmdk/builder.h"
#include "tests/formats/vmdk/libvmdk_disk.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using Names = std::vector<std::string>;

constexpr std::uint64_t second_reader_seed = 20261123;
constexpr std::uint64_t odd_bytes = (std::uint64_t{9} << 20) + 5 * 512;  // with a partial last grain

const Names subformats{"monolithicSparse",   "monolithicFlat",  "twoGbMaxExtentSparse",
                       "twoGbMaxExtentFlat", "streamOptimized", "vmfs"};

Bytes varve_bytes(const std::string& path) { return read_all(*open_image(path, {{.format = "vmdk"}})); }

void check_same(const Bytes& found, const Bytes& expected) {
    CHECK(found.size() == expected.size());
    const auto difference = writer_test::first_difference(found, expected);
    INFO("first difference at byte " << difference.value_or(0));
    CHECK_FALSE(difference);
}

std::unique_ptr<ImageWriter> create(const std::string& path, std::uint64_t bytes, const OptionMap& options) {
    return create_image(path, {.format = "vmdk", .virtual_size = {bytes}, .options = options});
}

/// A stream has VMware's name for its extent, and libvmdk looks for a file of that name.
std::string name_for(const std::string& subformat) {
    return subformat == "streamOptimized" ? "generated-stream.vmdk" : "disk.vmdk";
}

/// Cases where libvmdk is wrong or supports less.
struct Difference {
    std::string name;
    std::string message;  ///< words of its error; empty: it reads other bytes
    std::function<Bytes(const ScratchFolder& folder, const std::string& path)> make;  ///< returns the guest bytes
};

void write_text(const std::string& path, const std::string& text) { write_file(path, bytes_of(text)); }

/// A renamed image, whose extent line has the old name.
Bytes make_renamed(const std::string& subformat, const ScratchFolder& folder, const std::string& path) {
    const contract::Pattern pattern = contract::random_pattern(mib(1), 42, 100000);
    const auto writer = create(folder.file("before.vmdk"), pattern.guest.size(), {{"subformat", subformat}});
    contract::play(*writer, pattern);
    writer->finish();
    std::filesystem::rename(folder.file("before.vmdk"), path);
    return pattern.guest;
}

/// Files "a" and "b" of 8 sectors filled with their names, and a descriptor with these extents.
Bytes make_text(const ScratchFolder& folder, const std::string& path, const std::string& create_type,
                const Names& extents, const std::string& guest_sectors) {
    write_text(folder.file("a"), std::string(4096, 'a'));
    write_text(folder.file("b"), std::string(2048, 'b') + std::string(2048, 'B'));
    write_text(path, vmdk::descriptor(create_type, extents));
    Bytes guest;
    for (const char letter : guest_sectors)
        guest.insert(guest.end(), 512, letter == '.' ? std::byte{} : static_cast<std::byte>(letter));
    return guest;
}

std::vector<Difference> differences() {
    const std::string one_stream = vmdk::descriptor("streamOptimized", {"RDONLY 2048 SPARSE \"disk.vmdk\""});
    return {
        {"a renamed sparse image: it looks for the name in the extent line", "no such file",
         [](const auto& folder, const auto& path) { return make_renamed("monolithicSparse", folder, path); }},
        {"a renamed stream: the same", "no such file",
         [](const auto& folder, const auto& path) { return make_renamed("streamOptimized", folder, path); }},
        {"a descriptor in a stream that begins with a comment of its own", "unable to read descriptor",
         [=](const auto&, const auto& path) {
             const vmdk::Grains grains{{1, 'g'}};
             const auto built = vmdk::stream(2048, grains, "# exported" + one_stream.substr(one_stream.find('\n')),
                                             vmdk::StreamTail::footer);
             write_file(path, built.file.view());
             return vmdk::guest_bytes(2048, vmdk::Stream::grain, grains);
         }},
        {"zeroed grains: it takes their entry, 1, for a sector", "",
         [](const auto&, const auto& path) {
             const auto writer = create(path, 1 << 20, {{"subformat", "monolithicSparse"}, {"zeroed_grain", "on"}});
             Bytes guest(1 << 20);
             std::fill_n(guest.begin() + (64 << 10), 64 << 10, std::byte{'g'});
             writer->zero({{}, kib(64)});
             writer->write({64 << 10}, ByteView(guest).subspan(64 << 10, 64 << 10));
             writer->finish();
             return guest;
         }},
        {"a flat extent that begins inside its file: it takes the sector for a byte", "",
         [](const auto& folder, const auto& path) {
             return make_text(folder, path, "twoGbMaxExtentFlat", {"RW 8 FLAT \"a\" 0", "RW 4 FLAT \"b\" 4"},
                              "aaaaaaaaBBBB");
         }},
        {"an extent without access: it reads what the line forbids", "",
         [](const auto& folder, const auto& path) {
             return make_text(folder, path, "twoGbMaxExtentFlat", {"RW 8 FLAT \"a\" 0", "NOACCESS 8 FLAT \"b\" 0"},
                              "aaaaaaaa........");
         }},
        {"an extent of zeros", "unable to read grain table",
         [](const auto& folder, const auto& path) {
             return make_text(folder, path, "twoGbMaxExtentFlat", {"RW 4 ZERO", "RW 8 FLAT \"a\" 0"}, "....aaaaaaaa");
         }},
        {"createType custom", "unsupported disk type",
         [](const auto& folder, const auto& path) {
             return make_text(folder, path, "custom", {"RW 8 FLAT \"a\" 0"}, "aaaaaaaa");
         }},
        {"createType vmfsThin over a flat file, as ESXi has it", "extent type not supported",
         [](const auto& folder, const auto& path) {
             return make_text(folder, path, "vmfsThin", {"RW 8 VMFS \"a\""}, "aaaaaaaa");
         }},
        {"seSparse", "unsupported",
         [](const auto& folder, const auto& path) {
             const vmdk::Grains grains{{1, 's'}};
             write_file(folder.file("e"), vmdk::sesparse(64, grains).file.view());
             write_text(path, vmdk::descriptor("seSparse", {"RW 64 SESPARSE \"e\""}));
             return vmdk::guest_bytes(64, vmdk::SeSparse::grain, grains);
         }},
    };
}

std::string error_of_libvmdk(const std::string& path) {
    try {
        LibvmdkDisk({path}).read_all();
        return {};
    } catch (const std::runtime_error& error) {
        return error.what();
    }
}

/// The VMDK files of the corpus that contain a disk.
Names images_of(const std::filesystem::path& corpus) {
    std::ifstream in(corpus / "MANIFEST.tsv");
    REQUIRE(in);
    Names found;
    for (std::string line; std::getline(in, line);) {
        const std::size_t variant = line.find('\t') + 1;
        if (line.compare(variant, 5, "vmdk ") == 0) found.push_back(line.substr(0, variant - 1));
    }
    return found;
}

}  // namespace

TEST_CASE("VMDK: libvmdk reads what varve wrote, in every subformat", "[vmdk][second-reader]") {
    for (const std::string& subformat : subformats) {
        for (const std::uint64_t bytes : {std::uint64_t{512}, std::uint64_t{6} << 20, odd_bytes}) {
            CAPTURE(subformat, bytes);
            const ScratchFolder folder;
            const std::string path = folder.file(name_for(subformat));
            const contract::Pattern pattern = contract::random_pattern({bytes}, 41, 300000);
            const auto writer = create(path, bytes, {{"subformat", subformat}});
            contract::play(*writer, pattern);
            writer->finish();
            check_same(LibvmdkDisk({path}).read_all(), pattern.guest);
        }
    }
}

TEST_CASE("VMDK: libvmdk reads what varve wrote around the borders of pieces", "[vmdk][second-reader]") {
    constexpr std::uint64_t piece = std::uint64_t{4192256} * 512;
    constexpr std::uint64_t size = 2 * piece + (1 << 20);
    constexpr std::uint64_t around = 70000;
    for (const std::string subformat : {"twoGbMaxExtentSparse", "twoGbMaxExtentFlat"}) {
        CAPTURE(subformat);
        const ScratchFolder folder;
        const std::string path = folder.file("disk.vmdk");
        std::mt19937_64 random(second_reader_seed);
        const auto writer = create(path, size, {{"subformat", subformat}});
        Bytes data(2 * around);
        for (std::byte& byte : data) byte = static_cast<std::byte>(random());
        writer->write({piece - around}, data);
        writer->write({2 * piece - around}, data);
        writer->finish();
        const LibvmdkDisk disk({path});
        CHECK(disk.size() == size);
        check_same(disk.read(piece - around, data.size()), data);
        check_same(disk.read(2 * piece - around, data.size()), data);
        check_same(disk.read(piece + around, 1 << 20), Bytes(1 << 20));
        check_same(disk.read(2 * piece + around, (1 << 20) - around), Bytes((1 << 20) - around));
    }
}

TEST_CASE("VMDK: varve and libvmdk read the same from what qemu wrote", "[vmdk][second-reader]") {
    std::mt19937_64 random(second_reader_seed);
    for (const std::string& subformat : subformats) {
        if (subformat == "vmfs") continue;  // qemu writes none
        for (const std::uint64_t bytes : {std::uint64_t{8} << 20, odd_bytes}) {
            CAPTURE(second_reader_seed, subformat, bytes);
            const ScratchFolder folder;
            const std::string raw = folder.file("disk.raw");
            const std::string path = folder.file("disk.vmdk");
            qemu_img({"create", "-q", "-f", "raw", raw, std::to_string(bytes)});
            qemu_io(raw, "raw", random_commands(random, bytes, 65536, 12, false));
            qemu_img({"convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=" + subformat, raw, path});
            const Bytes found = LibvmdkDisk({path}).read_all();
            check_same(found, writer_test::read_file(raw));
            check_same(varve_bytes(path), found);
        }
    }
}

TEST_CASE("VMDK: varve and libvmdk read the same from chains of three that qemu wrote", "[vmdk][second-reader]") {
    std::mt19937_64 random(second_reader_seed + 1);
    for (const std::string subformat : {"monolithicSparse", "twoGbMaxExtentSparse"}) {
        CAPTURE(second_reader_seed, subformat);
        const ScratchFolder folder;
        Names chain;
        for (const std::string name : {"base.vmdk", "mid.vmdk", "top.vmdk"}) {
            Names words{"create", "-q", "-f", "vmdk", "-o", "subformat=" + subformat};
            if (!chain.empty()) words.insert(words.end(), {"-b", chain.front(), "-F", "vmdk"});
            words.push_back(folder.file(name));
            if (chain.empty()) words.push_back(std::to_string(odd_bytes));
            qemu_img(words);
            qemu_io(folder.file(name), "vmdk", random_commands(random, odd_bytes, 65536, 8, false));
            chain.insert(chain.begin(), folder.file(name));
            check_same(varve_bytes(chain.front()), LibvmdkDisk(chain).read_all());
        }
    }
}

TEST_CASE("VMDK: varve and libvmdk read the same from what only VMware writes", "[vmdk][second-reader]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.vmdk");
    const vmdk::Grains grains{{0, 'a'}, {3, 'b'}, {15, 'c'}};
    for (const auto tail : {vmdk::StreamTail::footer, vmdk::StreamTail::directory_in_front}) {
        const std::string text = vmdk::descriptor("streamOptimized", {"RDONLY 2047 SPARSE \"disk.vmdk\""});
        write_file(path, vmdk::stream(2047, grains, text, tail).file.view());
        const Bytes found = LibvmdkDisk({path}).read_all();
        check_same(found, vmdk::guest_bytes(2047, vmdk::Stream::grain, grains));
        check_same(varve_bytes(path), found);
    }
    write_text(folder.file("flat"), std::string(4096, 'f'));
    write_file(folder.file("delta"), vmdk::cowd(8, {{2, 'd'}}).view());
    write_text(folder.file("base.vmdk"), vmdk::descriptor("vmfs", {"RW 8 VMFS \"flat\""}));
    write_text(path, vmdk::descriptor("vmfsSparse", {"RW 8 VMFSSPARSE \"delta\""}, "87654321", "12345678",
                                      {"parentFileNameHint=\"base.vmdk\""}));
    const Bytes found = LibvmdkDisk({path, folder.file("base.vmdk")}).read_all();
    CHECK(std::string(text_of(found)) == std::string(1024, 'f') + std::string(512, 'd') + std::string(2560, 'f'));
    check_same(varve_bytes(path), found);
}

TEST_CASE("VMDK: varve reads what libvmdk is known not to read, and libvmdk still does not", "[vmdk][second-reader]") {
    for (const Difference& difference : differences()) {
        INFO(difference.name);
        const ScratchFolder folder;
        const std::string path = folder.file("disk.vmdk");
        const Bytes guest = difference.make(folder, path);
        check_same(varve_bytes(path), guest);
        const std::string error = error_of_libvmdk(path);
        if (difference.message.empty()) {
            CHECK(error == "");
            if (error.empty()) CHECK_FALSE(LibvmdkDisk({path}).read_all() == guest);
        } else {
            CHECK_THAT(error, ContainsSubstring(difference.message));
        }
    }
}

TEST_CASE("corpus: varve and libvmdk read the same from real VMDK images", "[vmdk][second-reader][corpus]") {
    const char* corpus = std::getenv("VARVE_CORPUS");
    if (corpus == nullptr) {
        WARN("skipped: VARVE_CORPUS names no folder");
        return;
    }
    const Names renamed{"dfvfs_ext2.vmdk", "plaso_image.vmdk"};  // see differences()
    std::size_t same = 0;
    for (const std::string& image : images_of(corpus)) {
        INFO(image);
        const std::filesystem::path path = std::filesystem::path(corpus) / image;
        if (std::ranges::count(renamed, path.filename().string()) != 0) {
            CHECK_THAT(error_of_libvmdk(path.string()), ContainsSubstring("no such file"));
            continue;
        }
        check_same(varve_bytes(path.string()), LibvmdkDisk({path.string()}).read_all());
        ++same;
    }
    WARN(same << " images of " << corpus);
    CHECK(same > 0);
}

}  // namespace varve::reader_test
