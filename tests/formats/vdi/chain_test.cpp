// Differencing VDI images: the parent is found only by its UUID and only in allowed folders, and no other file is taken
// for it.

#include <sys/stat.h>
#include <cctype>
#include <filesystem>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/contract/image_reader_contract.h"
#include "tests/formats/qcow2/builder.h"
#include "tests/formats/vdi/builder.h"
#include "tests/formats/vmdk/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

namespace fs = std::filesystem;
using vdi_test::Image;
using vdi_test::text_of_id;

constexpr std::uint32_t block = 4096;

Bytes letters(char letter) { return Bytes(block, static_cast<std::byte>(letter)); }

Image base() {
    Image image(6 * block, block);
    for (const std::uint32_t i : {4u, 0u, 1u, 2u}) image.put(i, letters('b'));
    return image;
}

/// An image over `parent` with its own block 1 and a zero block 2; the rest is the parent's.
Image child_of(const Image& parent, unsigned seed) {
    Image image(6 * block, block);
    image.type = 4;
    image.id = vdi_test::id_of(seed);
    image.modified = vdi_test::id_of(seed + 100);
    image.parent = parent.id;
    image.parent_modified = parent.modified;
    image.put(1, letters('c'));
    image.zero(2);
    return image;
}

/// One letter for each block, '.' for zeros.
std::string blocks_of(const std::string& path, const OpenOptions& options = {}) {
    const Bytes bytes = read_all(*open_image(path, options));
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += block) {
        const char letter = static_cast<char>(bytes[at]);
        REQUIRE(std::all_of(bytes.begin() + static_cast<long>(at),
                            bytes.begin() + static_cast<long>(std::min<std::size_t>(at + block, bytes.size())),
                            [&](std::byte byte) { return byte == bytes[at]; }));
        text += letter == '\0' ? '.' : letter;
    }
    return text;
}

std::string upper(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(c));
    return text;
}

/// base() as a VMDK: the descriptor lines by which VirtualBox identifies it.
std::vector<std::string> names_of(const Image& image) {
    return {"ddb.uuid.image=\"" + text_of_id(image.id) + "\"",
            "ddb.uuid.modification=\"" + text_of_id(image.modified) + "\""};
}

constexpr std::uint64_t base_sectors = 6 * block / 512;

/// base() as a sparse VMDK with these further lines in its descriptor.
void save_vmdk(const std::string& path, const std::vector<std::string>& lines,
               const std::string& parent_cid = "ffffffff",
               const vmdk::Grains& grains = {{0, 'b'}, {1, 'b'}, {2, 'b'}, {4, 'b'}}) {
    const std::string extent = "RW " + std::to_string(base_sectors) + " SPARSE \"base.vmdk\"";
    const std::string text = vmdk::descriptor("monolithicSparse", {extent}, "12345678", parent_cid, lines);
    write_file(path, vmdk::hosted(base_sectors, grains, text).file.view());
}

/// A machine's folder as VirtualBox lays it out.
struct Machine {
    Machine() {
        fs::create_directory(path("Snapshots"));
        base().save(path("disk.vdi"));
        child_of(base(), 10).save(path("Snapshots/{10}.vdi"));
    }
    std::string path(const std::string& name) const { return (fs::canonical(folder.path()) / name).string(); }
    ScratchFolder folder;
};

}  // namespace

TEST_CASE("vdi: a differencing image shows its parent where it has no block", "[vdi]") {
    const ScratchFolder folder;
    base().save(folder.file("base.vdi"));
    child_of(base(), 10).save(folder.file("child.vdi"));
    CHECK(blocks_of(folder.file("child.vdi")) == "bc..b.");
    const OpenedImage image = open_image_chain(folder.file("child.vdi"));
    CHECK(image.reader->info().warnings.empty());
    CHECK(image.reader->info().features == std::vector<std::string>{"differencing"});
    CHECK(image.reader->info().backing == "{" + text_of_id(base().id) + "}");
    REQUIRE(image.layers.size() == 2);
    CHECK(image.layers[1].path.ends_with("/base.vdi"));
    CHECK(image.reader->extent_at(ByteOffset{2 * block}) == Extent{ByteOffset{2 * block}, kib(4), ExtentKind::zero});
    CHECK(image.reader->extent_at(ByteOffset{3 * block}).kind == ExtentKind::unallocated);
    CHECK(image.reader->extent_at(ByteOffset{4 * block}).kind == ExtentKind::data);
    contract::check_image_reader(*image.reader, read_all(*image.reader));
}

TEST_CASE("vdi: a chain may be long, and its images may differ in block size and disk size", "[vdi]") {
    const ScratchFolder folder;
    Image below = base();
    below.save(folder.file("0.vdi"));
    Bytes guest = read_all(*open_image(folder.file("0.vdi")));
    std::mt19937_64 random(20261122);
    for (unsigned level = 1; level <= 40; ++level) {
        const std::uint32_t size = 512u << random() % 6;
        Image image(guest.size() + 512 * (random() % 9), size);
        image.type = 4;
        image.is_old = level % 5 == 0;
        image.extra = image.is_old ? 0 : 512 * (level % 2);
        image.id = vdi_test::id_of(level + 2);
        image.modified = vdi_test::id_of(level + 100);
        image.parent = below.id;
        image.parent_modified = below.modified;
        guest.resize(image.map.size() * size);
        std::fill(guest.begin() + static_cast<long>(below.size), guest.end(), std::byte{0});
        for (std::uint32_t i = 0; i < image.map.size(); ++i) {
            const auto part = guest.begin() + static_cast<long>(std::size_t{i} * size);
            const auto dice = random() % 10;
            if (dice == 0) image.zero(i);
            if (dice == 1) image.put(i, Bytes(size, static_cast<std::byte>(level)));
            if (dice < 2) std::fill_n(part, size, static_cast<std::byte>(dice == 0 ? 0 : level));
        }
        guest.resize(image.size);
        image.save(folder.file(std::to_string(level) + ".vdi"));
        below = image;
    }
    const auto reader = open_image(folder.file("40.vdi"));
    CHECK(reader->info().warnings.empty());
    contract::check_image_reader(*reader, guest);
}

TEST_CASE("vdi: a parent is found where VirtualBox keeps it, and only in allowed folders", "[vdi][names]") {
    const Machine machine;
    const std::string child = machine.path("Snapshots/{10}.vdi");
    const std::string refusal = refusal_of(child);
    CHECK_THAT(refusal, ContainsSubstring("UUID " + text_of_id(base().id)) && ContainsSubstring("--allow-under DIR"));
    CHECK(blocks_of(child, {{.allow_under = {machine.path("")}}}) == "bc..b.");
    // The grandchild is next to the base, its parent in "Snapshots".
    child_of(child_of(base(), 10), 20).save(machine.path("top.vdi"));
    CHECK(blocks_of(machine.path("top.vdi")) == "bc..b.");
    // A folder with another name is not searched.
    fs::rename(machine.path("Snapshots"), machine.path("elsewhere"));
    CHECK_THAT(refusal_of(machine.path("top.vdi")), ContainsSubstring("--allow-under"));
    CHECK(blocks_of(machine.path("top.vdi"), {{.allow_under = {machine.path("elsewhere")}}}) == "bc..b.");
}

TEST_CASE("vdi: a parent is found by its content, whatever its name", "[vdi][names]") {
    const ScratchFolder folder;
    child_of(base(), 10).save(folder.file("child.vdi"));
    base().save(folder.file("what a name.img"));
    base().save(folder.file("x"));
    fs::remove(folder.file("x"));
    CHECK(blocks_of(folder.file("child.vdi")) == "bc..b.");
    fs::create_hard_link(folder.file("what a name.img"), folder.file("again.vdi"));
    fs::create_symlink("again.vdi", folder.file("link.vdi"));
    CHECK(blocks_of(folder.file("child.vdi")) == "bc..b.");
}

TEST_CASE("vdi: the search for a parent opens nothing outside its folders and never hangs", "[vdi][names][bad-input]") {
    const ScratchFolder folder;
    fs::create_directory(folder.file("vm"));
    fs::create_directory(folder.file("secret"));
    const std::string child = folder.file("vm/child.vdi");
    child_of(base(), 10).save(child);
    base().save(folder.file("secret/base.vdi"));
    fs::create_symlink("../secret/base.vdi", folder.file("vm/a.vdi"));
    fs::create_symlink(folder.file("secret/base.vdi"), folder.file("vm/b.vdi"));
    fs::create_directory_symlink("../secret", folder.file("vm/Snapshots"));
    fs::create_directory(folder.file("vm/folder.vdi"));
    fs::create_symlink("nowhere", folder.file("vm/dangling.vdi"));
    REQUIRE(::mkfifo(folder.file("vm/pipe.vdi").c_str(), 0600) == 0);
    write_file(folder.file("vm/empty.vdi"), {});
    write_file(folder.file("vm/short.vdi"), Bytes(100, std::byte{1}));
    CHECK_THAT(refusal_of(child), ContainsSubstring("none of the 3 files examined"));
    CHECK(blocks_of(child, {{.allow_under = {folder.file("secret")}}}) == "bc..b.");
}

TEST_CASE("vdi: a parent that may have been written to since is read, with a warning", "[vdi]") {
    const ScratchFolder folder;
    Image parent = base();
    const Image child = child_of(parent, 10);
    child.save(folder.file("child.vdi"));
    parent.modified = vdi_test::id_of(77);
    parent.save(folder.file("base.vdi"));
    const auto reader = open_image(folder.file("child.vdi"));
    REQUIRE(reader->info().warnings.size() == 1);
    CHECK_THAT(reader->info().warnings[0],
               ContainsSubstring("base.vdi' may have been written to after") &&
                   ContainsSubstring("expected modification " + text_of_id(child.parent_modified) + ", found " +
                                     text_of_id(parent.modified)));
}

TEST_CASE("vdi: of two files with the parent's UUID the one that was not written to is used, else none", "[vdi]") {
    const ScratchFolder folder;
    Image parent = base();
    child_of(parent, 10).save(folder.file("child.vdi"));
    parent.save(folder.file("z.vdi"));
    parent.modified = vdi_test::id_of(77);
    parent.places[0] = letters('x');
    parent.save(folder.file("a.vdi"));
    CHECK(blocks_of(folder.file("child.vdi")) == "bc..b.");
    CHECK(open_image(folder.file("child.vdi"))->info().warnings.empty());
    fs::copy_file(folder.file("a.vdi"), folder.file("b.vdi"));
    CHECK(blocks_of(folder.file("child.vdi")) == "bc..b.");
    fs::remove(folder.file("z.vdi"));
    CHECK_THAT(refusal_of(folder.file("child.vdi")),
               ContainsSubstring("/a.vdi'") && ContainsSubstring("/b.vdi'") && ContainsSubstring("move away the one"));
}

TEST_CASE("vdi: images that are each other's parents are refused", "[vdi][bad-input]") {
    const ScratchFolder folder;
    Image self = child_of(base(), 1);
    self.parent = self.id;
    self.save(folder.file("self.vdi"));
    CHECK_THAT(refusal_of(folder.file("self.vdi")), ContainsSubstring("loops"));
    fs::remove(folder.file("self.vdi"));
    Image a = child_of(base(), 10);
    Image b = child_of(a, 20);
    a.parent = b.id;
    a.save(folder.file("a.vdi"));
    b.save(folder.file("b.vdi"));
    CHECK_THAT(refusal_of(folder.file("a.vdi")), ContainsSubstring("loops"));
}

TEST_CASE("vdi: a chain of more than 256 images is refused", "[vdi][bad-input]") {
    const ScratchFolder folder;
    Image below = base();
    below.save(folder.file("000.vdi"));
    for (unsigned level = 1; level <= 256; ++level) {
        Image image = child_of(below, 1);
        store_le<std::uint32_t>(image.id, level + 1000);
        image.save(folder.file(std::to_string(1000 + level) + ".vdi"));
        below = image;
    }
    CHECK(blocks_of(folder.file("1255.vdi")) == "bc..b.");
    CHECK_THAT(refusal_of(folder.file("1256.vdi")), ContainsSubstring("deeper than 256"));
}

TEST_CASE("vdi: a raw disk whose guest wrote a differencing header is reported", "[vdi][bad-input]") {
    const ScratchFolder folder;
    base().save(folder.file("secret.vdi"));
    child_of(base(), 10).save(folder.file("guest.img"));
    const auto reader = open_image(folder.file("guest.img"));
    REQUIRE(reader->info().warnings.size() == 1);
    CHECK_THAT(reader->info().warnings[0], ContainsSubstring("vdi header") && ContainsSubstring("--format raw"));
    CHECK(open_image(folder.file("guest.img"), {{.format = "raw"}})->info().format == "raw");
    base().save(folder.file("whole.img"));
    CHECK(open_image(folder.file("whole.img"))->info().warnings.empty());
}

TEST_CASE("vdi: a qcow2 image may be based on a chain of VDI images", "[vdi]") {
    const ScratchFolder folder;
    base().save(folder.file("base.vdi"));
    child_of(base(), 10).save(folder.file("child.vdi"));
    Qcow2Builder top(6 * block, 12);
    write_file(folder.file("top.qcow2"), top.backing("child.vdi", "vdi").data_cluster(0, 'q').view());
    CHECK(blocks_of(folder.file("top.qcow2")) == "qc..b.");
    CHECK(open_image_chain(folder.file("top.qcow2")).layers.size() == 3);
}

TEST_CASE("vdi: the parent may be a VMDK, which VirtualBox names in its descriptor", "[vdi][vdi-vmdk]") {
    const ScratchFolder folder;
    child_of(base(), 10).save(folder.file("child.vdi"));
    const auto check = [&](const std::string& parent) {
        CAPTURE(parent);
        CHECK(blocks_of(folder.file("child.vdi")) == "bc..b.");
        const OpenedImage image = open_image_chain(folder.file("child.vdi"));
        CHECK(image.reader->info().warnings.empty());
        CHECK(image.layers[1].path.ends_with("/" + parent));
        CHECK(image.layers[1].format == "vmdk");
        contract::check_image_reader(*image.reader, read_all(*image.reader));
        fs::remove(folder.file(parent));
    };
    save_vmdk(folder.file("base.vmdk"), names_of(base()));
    check("base.vmdk");
    save_vmdk(folder.file("of another name"), {"DDB.UUID.Image = \"" + upper(text_of_id(base().id)) + "\"",
                                               "ddb.uuid.modification = \"" + text_of_id(base().modified) + "\""});
    check("of another name");
    const std::string flat = "RW " + std::to_string(base_sectors) + " FLAT \"base-flat.vmdk\" 0";
    write_file(folder.file("base-flat.vmdk"), read_all(*[&] {
                   save_vmdk(folder.file("x"), {});
                   return open_image(folder.file("x"));
               }()));
    write_file(folder.file("base.vmdk"),
               bytes_of(vmdk::descriptor("monolithicFlat", {flat}, "12345678", "ffffffff", names_of(base()))));
    check("base.vmdk");
}

TEST_CASE("vdi: a VMDK parent may be a delta itself, which is checked by its CID as usual", "[vdi][vdi-vmdk]") {
    const ScratchFolder folder;
    child_of(base(), 10).save(folder.file("child.vdi"));
    std::vector<std::string> lines = names_of(base());
    lines.emplace_back("parentFileNameHint=\"root.vmdk\"");
    save_vmdk(folder.file("delta.vmdk"), lines, "12345678", {{0, 'd'}, {4, 'd'}});
    save_vmdk(folder.file("root.vmdk"), {});
    CHECK(blocks_of(folder.file("child.vdi")) == "dc..d.");
    CHECK(open_image_chain(folder.file("child.vdi")).layers.size() == 3);
    save_vmdk(folder.file("delta.vmdk"), lines, "87654321", {{0, 'd'}});
    CHECK_THAT(refusal_of(folder.file("child.vdi")),
               ContainsSubstring("/root.vmdk'") && ContainsSubstring("expected content id 87654321, found 12345678"));
}

TEST_CASE("vdi: of a VDI and a VMDK with the parent's UUID the one that was not written to is used",
          "[vdi][vdi-vmdk]") {
    const ScratchFolder folder;
    const std::string child = folder.file("child.vdi");
    child_of(base(), 10).save(child);
    Image changed = base();
    changed.modified = vdi_test::id_of(77);
    save_vmdk(folder.file("base.vmdk"), names_of(changed));
    const auto reader = open_image(child);
    REQUIRE(reader->info().warnings.size() == 1);
    CHECK_THAT(reader->info().warnings[0], ContainsSubstring("base.vmdk' may have been written to after") &&
                                               ContainsSubstring("found " + text_of_id(changed.modified)));
    base().save(folder.file("base.vdi"));
    CHECK(open_image_chain(child).layers[1].path.ends_with("/base.vdi"));
    save_vmdk(folder.file("base.vmdk"), names_of(base()));
    CHECK_THAT(refusal_of(child), ContainsSubstring("/base.vdi'") && ContainsSubstring("/base.vmdk'"));
}

TEST_CASE("vdi: a file that only looks like a VMDK parent is skipped", "[vdi][vdi-vmdk][bad-input]") {
    const ScratchFolder folder;
    const std::string child = folder.file("child.vdi");
    child_of(base(), 10).save(child);
    const std::string id = "ddb.uuid.image=\"" + text_of_id(base().id);
    save_vmdk(folder.file("none.vmdk"), {});
    save_vmdk(folder.file("other.vmdk"), {"ddb.uuid.image=\"" + text_of_id(vdi_test::id_of(5)) + "\""});
    save_vmdk(folder.file("long.vmdk"), {id + "0\""});
    save_vmdk(folder.file("parent.vmdk"), {"ddb.uuid.parent=\"" + text_of_id(base().id) + "\""});
    const std::string whole = vmdk::descriptor("monolithicFlat", {"RW 1 FLAT \"f\" 0"}, "1", "ffffffff", {id + "\""});
    write_file(folder.file("broken.vmdk"), bytes_of("# Disk DescriptorFile\nRW x\n" + whole));
    write_file(folder.file("huge.vmdk"), bytes_of(whole + std::string(1 << 20, '#')));
    save_vmdk(folder.file("cut.vmdk"), {id + "\""});
    fs::resize_file(folder.file("cut.vmdk"), 700);
    CHECK_THAT(refusal_of(child), ContainsSubstring("the VDI or VMDK image with the UUID " + text_of_id(base().id)) &&
                                      ContainsSubstring("none of the 8 files examined"));
    write_file(folder.file("all.vmdk"), bytes_of(whole));
    CHECK_THAT(refusal_of(child), ContainsSubstring("all.vmdk' names its extent 'f'"));
}

TEST_CASE("vdi: the search for a parent is bounded, and begins with files whose names match", "[vdi][bad-input]") {
    const ScratchFolder folder;
    const std::string child = folder.file("child.vdi");
    child_of(base(), 10).save(child);
    for (unsigned i = 0; i < 4100; ++i) write_file(folder.file("a" + std::to_string(i)), Bytes(1));
    CHECK_THAT(refusal_of(child), ContainsSubstring("none of the 4096 files") && ContainsSubstring("there are more"));
    base().save(folder.file("z.VDI"));
    CHECK(blocks_of(child) == "bc..b.");
    fs::remove(folder.file("z.VDI"));
    save_vmdk(folder.file("z.VMDK"), names_of(base()));
    CHECK(blocks_of(child) == "bc..b.");
}

TEST_CASE("vdi: an error names the damaged parent", "[vdi][bad-input]") {
    const ScratchFolder folder;
    Image parent = base();
    child_of(parent, 10).save(folder.file("child.vdi"));
    parent.block_size = 3;
    parent.save(folder.file("base.vdi"));
    CHECK_THAT(refusal_of(folder.file("child.vdi")),
               ContainsSubstring("base.vdi' at byte 376") && ContainsSubstring("found 3"));
}

}  // namespace varve::reader_test
