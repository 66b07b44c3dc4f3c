// Every format that is read, copied into every format that is written, and read back by varve and by qemu-img: the
// bytes stay the same, and a thin disk stays thin. The resulting table is in formats/README.md; VARVE_UPDATE_TABLES=1
// rewrites it.

#include <array>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "engine/image/compare_images.h"
#include "engine/image/copy_image.h"
#include "formats/create_image.h"
#include "formats/creation_options.h"
#include "tests/catch.h"
#include "tests/formats/appliance/appliance_files.h"
#include "tests/formats/appliance/archive_support.h"
#include "tests/formats/crypt/encrypted_images.h"
#include "tests/formats/parallels/builder.h"
#include "tests/formats/uml_cow/builder.h"
#include "tests/formats/vdi/builder.h"
#include "tests/formats/vhd/builder.h"
#include "tests/support/build_paths.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

constexpr std::uint64_t place_bytes = 64 << 10;
constexpr std::uint64_t disk_bytes = 8 << 20;

/// Where the disk's data is: five places, one of them over the end of a megabyte, and one at the disk's end.
constexpr std::array<std::uint64_t, 5> places{0, 1 << 20, 3 << 20, (5 << 20) - place_bytes / 2,
                                              disk_bytes - place_bytes};

/// The disk that every source holds, and its parts for the sources of two layers, all as raw files.
struct Disk {
    explicit Disk(const ScratchFolder& folder);
    std::string raw;
    std::string below;                ///< other data in the first two places, in the third what the disk has
    std::vector<std::string> pieces;  ///< the data of each place
};

/// One way to hold the disk; `make` gives the path of the image that is to be opened.
struct Source {
    std::string name;
    std::string format;  ///< the word for it when it is opened
    std::function<std::string(const Disk& disk, const ScratchFolder& folder)> make;
};

/// One way to write it.
struct Target {
    std::string name;
    std::string format;
    OptionMap options;
};

Disk::Disk(const ScratchFolder& folder) : raw(folder.file("disk.raw")), below(folder.file("below.raw")) {
    Bytes disk(disk_bytes);
    Bytes base(disk_bytes);
    std::mt19937_64 random(20261123);
    for (std::size_t place = 0; place < places.size(); ++place) {
        Bytes piece(place_bytes);
        for (std::byte& byte : piece) byte = static_cast<std::byte>(random() | 1);
        const auto at = static_cast<std::ptrdiff_t>(places[place]);
        std::ranges::copy(piece, disk.begin() + at);
        if (place < 2) std::fill_n(base.begin() + at, place_bytes, std::byte{0x5a});
        if (place == 2) std::ranges::copy(piece, base.begin() + at);
        pieces.push_back(folder.file(fmt::format("piece{}", place)));
        write_file(pieces.back(), piece);
    }
    write_file(raw, disk);
    write_file(below, base);
}

/// By qemu-img, with its options; "compress" is a switch of its own.
Source converted(const std::string& name, const std::string& format, const OptionMap& options = {}) {
    return {name, format, [=](const Disk& disk, const ScratchFolder& folder) {
                std::vector<std::string> words{"convert", "-f", "raw", "-O", format};
                for (const auto& [key, value] : options) {
                    if (key == "compress")
                        words.push_back("-c");
                    else
                        words.insert(words.end(), {"-o", key + "=" + value});
                }
                std::string path = folder.file(name + "." + format);
                words.insert(words.end(), {disk.raw, path});
                qemu_img(words);
                return path;
            }};
}

/// Encrypted by qemu-img.
Source encrypted(const std::string& name, const std::string& format, const OptionMap& options) {
    return {name, format, [=](const Disk& disk, const ScratchFolder& folder) {
                std::string path = folder.file(name + "." + format);
                crypt_test::make_encrypted(disk.raw, path, format, options);
                return path;
            }};
}

/// The disk's own data, by qemu-io, over a base in another file with other data.
Source over_vmdk(const std::string& name, const std::string& format) {
    return {name, format, [=](const Disk& disk, const ScratchFolder& folder) {
                const std::string base = name + " below.vmdk";
                std::string path = folder.file(name + "." + format);
                qemu_img({"convert", "-f", "raw", "-O", "vmdk", disk.below, folder.file(base)});
                qemu_img({"create", "-q", "-f", format, "-b", base, "-F", "vmdk", path});
                for (const std::size_t place : {0U, 1U, 3U, 4U})
                    qemu_io(path, format,
                            {fmt::format("write -s {} {} {}", disk.pieces[place], places[place], place_bytes)});
                return path;
            }};
}

/// Blocks of `block` bytes of the raw file, where they are not those of `parent_raw`; empty: where they are not zero.
void put_blocks(vdi_test::Image& image, const std::string& raw, const std::string& parent_raw) {
    const Bytes disk = writer_test::read_file(raw);
    const Bytes parent = parent_raw.empty() ? Bytes(disk.size()) : writer_test::read_file(parent_raw);
    for (std::uint32_t block = 0; block < image.map.size(); ++block) {
        const ByteView mine = ByteView(disk).subspan(std::size_t{block} * image.block_size, image.block_size);
        const ByteView other = ByteView(parent).subspan(std::size_t{block} * image.block_size, image.block_size);
        if (std::ranges::equal(mine, other)) continue;
        image.put(block, Bytes(mine.begin(), mine.end()));
    }
}

/// A differencing image, which no tool of Debian writes.
std::string make_vdi_chain(const Disk& disk, const ScratchFolder& folder) {
    constexpr std::uint32_t block = 1 << 20;  // VirtualBox's
    vdi_test::Image base(disk_bytes, block);
    base.id = vdi_test::id_of(20);
    put_blocks(base, disk.below, "");
    base.save(folder.file("vdi below.vdi"));
    vdi_test::Image top(disk_bytes, block);
    top.type = 4;
    top.id = vdi_test::id_of(30);
    top.parent = base.id;
    top.parent_modified = base.modified;
    put_blocks(top, disk.raw, disk.below);
    std::string path = folder.file("vdi over vdi.vdi");
    top.save(path);
    return path;
}

/// A disk of User-Mode Linux, which no tool of Debian writes.
std::string make_cow(const Disk& disk, const ScratchFolder& folder) {
    uml_cow_test::Image image(uml_cow_test::layouts().back(), disk_bytes);
    const Bytes bytes = writer_test::read_file(disk.raw);
    for (std::uint64_t sector = 0; sector < disk_bytes / 512; ++sector) {
        const ByteView content = ByteView(bytes).subspan(sector * 512, 512);
        if (!is_zero(content)) image.sector(sector, content);
    }
    std::string path = folder.file("disk.cow");
    write_file(path, image.file);
    return path;
}

/// A differencing image whose blocks have some sectors of their own, which no tool of Debian writes.
std::string make_vhd_chain(const Disk& disk, const ScratchFolder& folder) {
    constexpr std::uint32_t block = 2 << 20;  // Hyper-V's
    qemu_img({"convert", "-f", "raw", "-O", "vpc", "-o", "force_size=on", disk.below, folder.file("vhd below.vhd")});
    const Bytes base = writer_test::read_file(folder.file("vhd below.vhd"));
    const Bytes mine = writer_test::read_file(disk.raw);
    const Bytes other = writer_test::read_file(disk.below);
    vhd_test::Image top(disk_bytes, block);
    top.type = 4;
    top.id = vhd_test::id_of(30);
    std::copy_n(base.end() - 512 + 68, top.parent.size(), top.parent.begin());
    top.parent_name = vhd_test::utf16_big("vhd below.vhd");
    for (std::uint32_t i = 0; i < top.table.size(); ++i) {
        const auto begin = mine.begin() + static_cast<std::ptrdiff_t>(std::size_t{i} * block);
        const auto below = other.begin() + (begin - mine.begin());
        std::vector<std::uint32_t> sectors;
        for (std::uint32_t s = 0; s < block / 512; ++s)
            if (!std::equal(begin + s * 512, begin + (s + 1) * 512, below + s * 512)) sectors.push_back(s);
        if (!sectors.empty()) top.put_sectors(i, Bytes(begin, begin + block), sectors);
    }
    std::string path = folder.file("vhd over vhd.vhd");
    top.save(path);
    return path;
}

/// A folder with two states of a disk in two parts, one of them plain at first.
std::string make_parallels_disk(const Disk& disk, const ScratchFolder& folder) {
    using parallels_test::Image;
    constexpr std::uint32_t cluster_sectors = 128;
    constexpr std::uint64_t half_bytes = disk_bytes / 2;
    const std::string path = folder.file("parallels disk.hdd");
    std::filesystem::create_directory(path);
    const Bytes now = writer_test::read_file(disk.raw);
    const Bytes before = writer_test::read_file(disk.below);
    const auto put = [&](const std::string& name, std::uint64_t begin, const Bytes& bytes, const Bytes& below) {
        Image image(half_bytes / 512, cluster_sectors);
        for (std::uint32_t i = 0; i < image.table.size(); ++i) {
            const std::size_t at = begin + std::size_t{i} * place_bytes;
            const ByteView mine = ByteView(bytes).subspan(at, place_bytes);
            if (!std::ranges::equal(mine, ByteView(below).subspan(at, place_bytes)))
                image.put(i, Bytes(mine.begin(), mine.end()));
        }
        image.save(path + "/" + name);
    };
    put("0.hds", 0, before, Bytes(disk_bytes));
    put("0 new.hds", 0, now, before);
    put("1 new.hds", half_bytes, now, before);
    write_file(path + "/1.hds", {});
    std::filesystem::resize_file(path + "/1.hds", half_bytes);  // the second half of what is below is a hole
    parallels_test::Description description;
    description.sectors = disk_bytes / 512;
    description.parts = {
        {0, half_bytes / 512, {{parallels_test::guid(1), "0.hds"}, {parallels_test::guid(2), "0 new.hds"}}},
        {half_bytes / 512,
         disk_bytes / 512,
         {{parallels_test::guid(1), "1.hds", "Plain"}, {parallels_test::guid(2), "1 new.hds"}}}};
    description.states = {{parallels_test::guid(1)}, {parallels_test::guid(2), parallels_test::guid(1)}};
    description.top = parallels_test::guid(2);
    description.save(path + "/DiskDescriptor.xml");
    return path;
}

/// A machine's descriptor, its disk from qemu-img and their manifest, as files.
std::string make_ovf(const Disk& disk, const ScratchFolder& folder) {
    const std::string path = folder.path().string();
    appliance_test::convert(disk.raw, "vmdk", folder.file("web01-disk1.vmdk"), "subformat=streamOptimized");
    appliance_test::put_text(
        folder.file("web01.ovf"),
        appliance_test::descriptor_of({{"vmdisk1", "web01-disk1.vmdk", std::to_string(disk_bytes)}}));
    appliance_test::put_text(folder.file("web01.mf"),
                             appliance_test::manifest_of(path, {"web01.ovf", "web01-disk1.vmdk"}));
    return folder.file("web01.ovf");
}

/// The same, archived by tar.
std::string make_ova(const Disk& disk, const ScratchFolder& folder) {
    make_ovf(disk, folder);
    std::string path = folder.file("web01.ova");
    appliance_test::archive(folder.path().string(), {"web01.ovf", "web01.mf", "web01-disk1.vmdk"}, path);
    return path;
}

std::vector<Source> sources() {
    return {converted("raw", "raw"),
            converted("qcow2", "qcow2"),
            converted("qcow2 compressed", "qcow2", {{"compress", "on"}}),
            converted("qcow2 extended_l2", "qcow2", {{"extended_l2", "on"}}),
            over_vmdk("qcow2 over vmdk", "qcow2"),
            converted("vmdk monolithicSparse", "vmdk", {{"subformat", "monolithicSparse"}}),
            converted("vmdk monolithicFlat", "vmdk", {{"subformat", "monolithicFlat"}}),
            converted("vmdk twoGbMaxExtentSparse", "vmdk", {{"subformat", "twoGbMaxExtentSparse"}}),
            converted("vmdk twoGbMaxExtentFlat", "vmdk", {{"subformat", "twoGbMaxExtentFlat"}}),
            converted("vmdk streamOptimized", "vmdk", {{"subformat", "streamOptimized"}}),
            over_vmdk("vmdk over vmdk", "vmdk"),
            converted("vdi", "vdi"),
            converted("vdi static", "vdi", {{"static", "on"}}),
            {"vdi over vdi", "vdi", make_vdi_chain},
            converted("vhdx", "vhdx"),
            converted("vhdx fixed", "vhdx", {{"subformat", "fixed"}}),
            converted("qcow", "qcow"),
            converted("qed", "qed"),
            {"cow", "cow", make_cow},
            converted("vpc dynamic", "vpc", {{"force_size", "on"}}),
            converted("vpc fixed", "vpc", {{"force_size", "on"}, {"subformat", "fixed"}}),
            {"vpc over vpc", "vpc", make_vhd_chain},
            converted("parallels", "parallels"),
            {"parallels disk", "parallels", make_parallels_disk},
            encrypted("qcow2 encrypted", "qcow2", {{"encrypt.format", "luks"}}),
            encrypted("luks", "luks", {}),
            {"ova", "ova", make_ova},
            {"ovf", "ova", make_ovf}};
}

std::vector<Target> targets() {
    return {{"raw", "raw", {}},
            {"qcow2", "qcow2", {}},
            {"qcow2 compressed", "qcow2", {{"compress", "on"}}},
            {"vmdk sparse", "vmdk", {{"subformat", "monolithicSparse"}}},
            {"vmdk flat", "vmdk", {{"subformat", "monolithicFlat"}}},
            {"vmdk split sparse", "vmdk", {{"subformat", "twoGbMaxExtentSparse"}}},
            {"vmdk split flat", "vmdk", {{"subformat", "twoGbMaxExtentFlat"}}},
            {"vmdk vmfs", "vmdk", {{"subformat", "vmfs"}}},
            {"vmdk stream", "vmdk", {{"subformat", "streamOptimized"}}},
            {"vdi", "vdi", {}},
            {"vdi static", "vdi", {{"static", "on"}}},
            {"vhdx", "vhdx", {}},
            {"vhdx fixed", "vhdx", {{"subformat", "fixed"}}},
            {"qcow", "qcow", {}},
            {"qed", "qed", {}},
            {"vpc dynamic", "vpc", {}},
            {"vpc fixed", "vpc", {{"subformat", "fixed"}}},
            {"parallels", "parallels", {}},
            {"qcow2 encrypted", "qcow2", {{"encrypt.format", "luks"}, {"encrypt.iter-time", "10"}}},
            {"luks", "luks", {{"iter-time", "10"}}},
            {"ova", "ova", {}}};
}

std::uint64_t data_in(const ImageReader& reader) {
    std::uint64_t data = 0;
    for (ByteOffset at; at < ByteOffset{} + reader.info().virtual_size;) {
        const Extent extent = reader.extent_at(at);
        if (extent.kind == ExtentKind::data) data += extent.length.value;
        at = extent.end();
    }
    return data;
}

/// How many units of this many bytes have data of the disk in them.
std::uint64_t units_with_data(std::uint64_t unit) {
    std::set<std::uint64_t> units;
    for (const std::uint64_t place : places)
        for (std::uint64_t at = place / unit; at * unit < place + place_bytes; ++at) units.insert(at);
    return units.size();
}

/// Whether qemu-img finds the disk's size and bytes in `image`.
bool is_same_to_qemu(const Disk& disk, const std::string& image, const std::string& format) {
    return qemu_img({"compare", "-f", "raw", "-F", format, disk.raw, image}) == "Images are identical.\n";
}

/// qemu-img does not read archives: tar unpacks it, and qemu-img checks the one disk in it.
bool is_same_packed(const Disk& disk, const std::string& archive) {
    const appliance_test::Unpacked unpacked(archive);
    REQUIRE(unpacked.members().size() == 3);  // descriptor, manifest, disk
    return is_same_to_qemu(disk, unpacked.file(unpacked.members().back()), "vmdk");
}

/// The table's entry for one copy: "=" when both readers read the same bytes, "thin" when no more is data than
/// necessary.
std::string judge(const ImageReader& source, const Target& target, const Disk& disk, const std::string& path) {
    NoProgress progress;
    const bool is_encrypted = is_encrypted_image(target.format, target.options);
    CreateOptions created{
        .format = target.format, .virtual_size = source.info().virtual_size, .options = target.options};
    if (is_encrypted) created.secret = crypt_test::secret();
    const auto writer = create_image(path, created);
    copy_image(source, *writer, progress, {});
    writer->finish();
    OpenOptions options;
    options.image.format = target.format;
    options.image.secret = created.secret;
    const auto copy = open_image(path, options);
    const bool is_same = compare_images(source, *copy, CompareDetail::everything, progress, {}).same();
    const bool is_same_to_others = target.format == "ova" ? is_same_packed(disk, path)
                                   : is_encrypted         ? crypt_test::is_same_to_qemu(disk.raw, path, target.format)
                                                          : is_same_to_qemu(disk, path, target.format);
    if (!is_same || !is_same_to_others) return "DIFFERENT";
    const std::uint64_t unit = std::max<std::uint64_t>(copy->info().cluster_size.value, place_bytes);
    return data_in(*copy) <= units_with_data(unit) * unit ? "= thin" : "=";
}

std::string table_text() {
    const ScratchFolder folder;
    const Disk disk(folder);
    std::string table = "| read \\ written |";
    std::string rule = "|---|";
    for (const Target& target : targets()) {
        table += " " + target.name + " |";
        rule += "---|";
    }
    table += "\n" + rule + "\n";
    for (const Source& kind : sources()) {
        OpenOptions options;
        options.image.format = kind.format;
        options.image.secret = crypt_test::secret();
        const auto source = open_image(kind.make(disk, folder), options);
        table += "| " + kind.name + " |";
        for (const Target& target : targets()) {
            CAPTURE(kind.name, target.name);
            const std::string copy = folder.file("copy of " + kind.name + " " + target.name + "." + target.format);
            const std::string verdict = judge(*source, target, disk, copy);
            CHECK(verdict == (target.format == "luks" ? "=" : "= thin"));  // LUKS encrypts zeros, too
            table += " " + verdict + " |";
        }
        table += "\n";
    }
    return table;
}

constexpr std::string_view mark_begin = "<!-- made by format_square_test, begin -->\n";
constexpr std::string_view mark_end = "<!-- end -->\n";

}  // namespace

TEST_CASE("formats: copies from any format to any other keep the bytes, and holes as the document's table states",
          "[formats][square]") {
    const std::string path = test::source_path("formats/README.md");
    std::ostringstream in;
    in << std::ifstream(path).rdbuf();
    const std::string document = in.str();
    const std::size_t begin = document.find(mark_begin);
    const std::size_t end = document.find(mark_end, begin);
    REQUIRE(begin != std::string::npos);
    REQUIRE(end != std::string::npos);
    const std::size_t table_begin = begin + mark_begin.size();
    const std::string table = table_text();
    if (std::getenv("VARVE_UPDATE_TABLES") != nullptr)
        std::ofstream(path) << document.substr(0, table_begin) << table << document.substr(end);
    else
        CHECK(document.substr(table_begin, end - table_begin) == table);
}

}  // namespace varve::reader_test
