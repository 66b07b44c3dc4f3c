#include "formats/appliance/package_reader.h"

#include <fcntl.h>
#include <filesystem>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/contract/image_reader_contract.h"
#include "tests/formats/appliance/appliance_files.h"
#include "tests/support/reader_support.h"

namespace varve::package_reader_test {

using namespace appliance_test;
using namespace reader_test;
using writer_test::read_file;
using writer_test::run_tool;

namespace {

struct Container {
    std::string name;
    std::string format;
    std::string options = {};
};

/// A folder with disk.raw and the folder "in", to be filled with an appliance's files.
class Appliance {
public:
    Appliance() {
        std::filesystem::create_directory(folder.path() / "in");
        make_disk(folder.file("disk.raw"), 3, 11);
    }

    std::string raw() const { return folder.file("disk.raw"); }
    std::string in() const { return folder.file("in"); }
    std::string in(const std::string& name) const { return folder.file("in/" + name); }
    std::string ova() const { return folder.file("web01.ova"); }

    void add_disk(const std::string& name, unsigned seed) const {
        const std::string disk = folder.file("more.raw");
        make_disk(disk, 2, seed);
        appliance_test::convert(disk, "vmdk", in(name), "subformat=streamOptimized");
    }
    void describe(const std::vector<DescribedDisk>& disks, const std::vector<std::string>& others = {}) const {
        put_text(in("web01.ovf"), descriptor_of(disks, others));
    }
    void pack(const std::vector<std::string>& files, const std::string& format = "ustar") const {
        archive(in(), files, ova(), format);
    }

    ScratchFolder folder;
};

OpenOptions disk_named(const std::string& member) {
    OpenOptions options;
    options.package.member = member;
    return options;
}

/// Bytes, size and extents of the disk in the appliance are those of the image outside it.
void check_same_disk(const std::string& appliance, const std::string& image, const OpenOptions& options = {}) {
    const auto packed = open_image(appliance, options);
    const auto plain = open_image(image);
    CHECK(packed->info().format == plain->info().format);
    CHECK(packed->info().virtual_size == plain->info().virtual_size);
    CHECK(digest_of(*packed) == digest_of(*plain));
    // tar fills the holes of a raw image.
    const bool same_kinds = sector_kinds(*packed) == sector_kinds(*plain);
    CHECK((same_kinds || packed->info().format == "raw"));
    packed->check_unchanged();
}

std::vector<std::string> warnings_of(const std::string& path, const OpenOptions& options = {}) {
    return open_image(path, options)->info().warnings;
}

}  // namespace

TEST_CASE("appliance: a disk in it reads as the same disk beside it, whatever its format and the archive's", "[ova]") {
    const Appliance a;
    const std::vector<Container> containers{{"stream.vmdk", "vmdk", "subformat=streamOptimized"},
                                            {"sparse.vmdk", "vmdk", "subformat=monolithicSparse"},
                                            {"disk.qcow2", "qcow2"},
                                            {"disk.vdi", "vdi"},
                                            {"disk.img", "raw"}};
    for (const Container& c : containers) {
        for (const char* tar : {"ustar", "gnu", "pax"}) {
            INFO(c.name << " in a " << tar << " archive");
            std::filesystem::remove(a.in(c.name));
            std::filesystem::remove(a.ova());
            appliance_test::convert(a.raw(), c.format, a.in(c.name), c.options);
            a.describe({{"d", c.name, "3145728", "", c.format == "vmdk" ? "vmdk.html" : "another"}});
            a.pack({"web01.ovf", c.name}, tar);
            check_same_disk(a.ova(), a.in(c.name));
            check_same_disk(a.in("web01.ovf"), a.in(c.name));
        }
    }
}

TEST_CASE("appliance: a disk in an archive keeps the contract of images", "[ova][contract][pipeline]") {
    const Appliance a;
    for (const Container& c : {Container{"stream.vmdk", "vmdk", "subformat=streamOptimized"},
                               Container{"disk.qcow2", "qcow2"}, Container{"disk.vdi", "vdi"}}) {
        INFO(c.name);
        appliance_test::convert(a.raw(), c.format, a.in(c.name), c.options);
        a.describe({{"d", c.name, "", "", "another"}});
        std::filesystem::remove(a.ova());
        a.pack({"web01.ovf", c.name});
        contract::check_image_reader(*open_image(a.ova()), read_file(a.raw()));
    }
}

TEST_CASE("appliance: one of several disks is chosen by its file or its id", "[ova]") {
    const Appliance a;
    a.add_disk("root.vmdk", 1);
    a.add_disk("data.vmdk", 2);
    a.describe({{"vmdisk1", "root.vmdk"}, {"vmdisk2", "data.vmdk"}, {"swap", "", "1048576"}});
    a.pack({"web01.ovf", "root.vmdk", "data.vmdk"});
    for (const std::string& path : {a.ova(), a.in("web01.ovf")}) {
        check_same_disk(path, a.in("root.vmdk"), disk_named("root.vmdk"));
        check_same_disk(path, a.in("data.vmdk"), disk_named("data.vmdk"));
        check_same_disk(path, a.in("data.vmdk"), disk_named("vmdisk2"));
        CHECK_THAT(refusal_of(path),
                   ContainsSubstring("'root.vmdk', 'data.vmdk', 'swap'") && ContainsSubstring("--member"));
        CHECK_THAT(refusal_of(path, disk_named("disk3")),
                   ContainsSubstring("has no disk 'disk3'") && ContainsSubstring("'data.vmdk'"));
        const auto empty = open_image(path, disk_named("swap"));
        CHECK(empty->info().virtual_size == mib(1));
        CHECK(empty->extent_at({}).kind == ExtentKind::unallocated);
        CHECK(read_all(*empty) == Bytes(1 << 20));
    }
    CHECK_THAT(refusal_of(a.raw(), disk_named("x")), ContainsSubstring("--member"));
}

TEST_CASE("appliance: files are checked against the manifest before a disk is read", "[ova]") {
    const Appliance a;
    a.add_disk("root.vmdk", 1);
    a.describe({{"d", "root.vmdk"}});
    const std::vector<std::string> files{"web01.ovf", "root.vmdk"};
    for (const char* tool : {"sha1sum", "sha256sum", "sha512sum"}) {
        INFO(tool);
        put_text(a.in("web01.mf"), manifest_of(a.in(), files, tool));
        std::filesystem::remove(a.ova());
        a.pack({"web01.ovf", "web01.mf", "root.vmdk"});
        for (const std::string& path : {a.ova(), a.in("web01.ovf")}) CHECK(warnings_of(path).empty());
    }
    // One bit of the disk.
    Bytes disk = read_file(a.in("root.vmdk"));
    disk[disk.size() / 2] ^= std::byte{4};
    writer_test::write_file(a.in("root.vmdk"), disk);
    std::filesystem::remove(a.ova());
    a.pack({"web01.ovf", "web01.mf", "root.vmdk"});
    for (const std::string& path : {a.ova(), a.in("web01.ovf")}) {
        CHECK_THAT(refusal_of(path), ContainsSubstring("root.vmdk' does not match the manifest") &&
                                         ContainsSubstring("SHA512") && ContainsSubstring("web01.mf"));
        OpenOptions looking;
        looking.package.content = appliance::PackagedContent::unchecked;
        CHECK(open_image(path, looking)->info().virtual_size == mib(2));
        OpenOptions trusting;
        trusting.package.manifest = appliance::ManifestUse::ignore;
        CHECK(open_image(path, trusting)->info().virtual_size == mib(2));
    }
    // The descriptor.
    a.describe({{"d", "root.vmdk", "4096"}});
    CHECK_THAT(refusal_of(a.in("web01.ovf")), ContainsSubstring("web01.ovf' does not match the manifest"));
    // A file that is not in the manifest.
    a.add_disk("root.vmdk", 1);
    put_text(a.in("web01.mf"), manifest_of(a.in(), {"web01.ovf"}));
    CHECK(open_image(a.in("web01.ovf"))->info().virtual_size == mib(2));
}

TEST_CASE("appliance: an unreadable manifest is refused, unless it is to be ignored", "[ova]") {
    const Appliance a;
    a.add_disk("root.vmdk", 1);
    a.describe({{"d", "root.vmdk"}, {"swap", "", "1048576"}});
    OpenOptions trusting = disk_named("root.vmdk");
    trusting.package.manifest = appliance::ManifestUse::ignore;
    put_text(a.in("web01.mf"), "SHA256(root.vmdk)= short\n");
    CHECK_THAT(refusal_of(a.in("web01.ovf"), disk_named("root.vmdk")), ContainsSubstring("line 1"));
    check_same_disk(a.in("web01.ovf"), a.in("root.vmdk"), trusting);
    std::filesystem::remove(a.in("web01.mf"));
    std::filesystem::create_symlink("root.vmdk", a.in("web01.mf"));
    a.pack({"web01.ovf", "web01.mf", "root.vmdk"});
    CHECK_THAT(refusal_of(a.ova(), disk_named("root.vmdk")), ContainsSubstring("web01.mf' as a symbolic link"));
    check_same_disk(a.ova(), a.in("root.vmdk"), trusting);
    // The package's warnings also apply to an empty disk.
    std::filesystem::remove(a.in("web01.mf"));
    put_text(a.in("web01.mf"), "WHIRLPOOL(root.vmdk)= 00\n");
    const std::vector<std::string> warnings = warnings_of(a.in("web01.ovf"), disk_named("swap"));
    REQUIRE(warnings.size() == 2);
    CHECK_THAT(warnings[0], ContainsSubstring("unknown algorithm 'WHIRLPOOL'"));
    CHECK_THAT(warnings[1], ContainsSubstring("has no digest of 'web01.ovf'"));
}

TEST_CASE("appliance: a manifest counts whatever it is called, and with or without ./ before names", "[ova]") {
    const Appliance a;
    a.add_disk("root.vmdk", 1);
    a.describe({{"d", "root.vmdk"}});
    const std::string good = manifest_of(a.in(), {"web01.ovf", "root.vmdk"});
    std::string wrong = good;
    wrong[wrong.size() - 2] = wrong[wrong.size() - 2] == '0' ? '1' : '0';  // of the disk
    std::string dotted = wrong;
    for (std::size_t at = dotted.find('('); at != std::string::npos; at = dotted.find('(', at + 3))
        dotted.insert(at + 1, "./");
    std::string shouted = wrong;
    shouted.replace(shouted.find("root.vmdk"), 9, "ROOT.VMDK");
    for (const std::string name : {"web01.mf", "web01.MF", "WEB01.mf", "other.mf"}) {
        CAPTURE(name);
        put_text(a.in(name), good);
        for (const std::string& text : {wrong, dotted, shouted}) {
            for (const std::string prefix : {"", "./"}) {
                put_text(a.in(name), text);
                std::filesystem::remove(a.ova());
                a.pack({prefix + "web01.ovf", prefix + name, prefix + "root.vmdk"});
                for (const std::string& path : {a.ova(), a.in("web01.ovf")})
                    CHECK_THAT(refusal_of(path),
                               ContainsSubstring("root.vmdk' does not match the manifest") && ContainsSubstring(name));
            }
        }
        put_text(a.in(name), good);
        CHECK(warnings_of(a.in("web01.ovf")).empty());
        std::filesystem::remove(a.in(name));
    }
}

TEST_CASE("appliance: what no digest covers gives a warning", "[ova]") {
    const Appliance a;
    a.add_disk("root.vmdk", 1);
    put_text(a.in("web01.nvram"), "boot order");
    a.describe({{"d", "root.vmdk"}}, {"web01.nvram"});
    put_text(a.in("web01.mf"), manifest_of(a.in(), {"root.vmdk"}));
    put_text(a.in("another.mf"), "SHA1(another.ovf)= da39a3ee5e6b4b0d3255bfef95601890afd80709\n");
    a.pack({"web01.ovf", "web01.mf", "another.mf", "root.vmdk", "web01.nvram"});
    for (const std::string& path : {a.ova(), a.in("web01.ovf")}) {
        const std::vector<std::string> warnings = warnings_of(path);
        REQUIRE(warnings.size() == (path == a.ova() ? 2 : 1));  // a folder may hold manifests of anything
        CHECK_THAT(warnings.back(), ContainsSubstring("web01.mf' has no digest of 'web01.ovf'"));
        if (path == a.ova())
            CHECK_THAT(warnings.front(), ContainsSubstring("'another.mf'") && ContainsSubstring("not used"));
        std::vector<std::string> of_files;
        open_package(path, {})->small_files(of_files);
        REQUIRE(of_files.size() == 1);
        CHECK_THAT(of_files[0], ContainsSubstring("has no digest of 'web01.nvram'"));
    }
    std::filesystem::remove(a.in("web01.mf"));
    put_text(a.in("another.mf"), "no manifest at all");
    CHECK(warnings_of(a.in("web01.ovf")).empty());
    std::filesystem::remove(a.ova());
    put_text(a.in("another.mf"), "SHA1(another.ovf)= da39a3ee5e6b4b0d3255bfef95601890afd80709\n");
    a.pack({"web01.ovf", "another.mf", "root.vmdk", "web01.nvram"});
    REQUIRE(warnings_of(a.ova()).size() == 1);
    CHECK_THAT(warnings_of(a.ova())[0], ContainsSubstring("it lists no file of the package"));
}

TEST_CASE("appliance: a disk that the descriptor bases on another one (parentRef) is read over it", "[ova]") {
    const Appliance a;
    make_disk(a.folder.file("base.raw"), 2, 1);
    Bytes disk = read_file(a.folder.file("base.raw"));
    appliance_test::convert(a.folder.file("base.raw"), "vmdk", a.in("base.vmdk"), "subformat=streamOptimized");
    const auto change = [&](const std::string& name, std::size_t at, const std::string& format,
                            const std::string& options) {
        constexpr std::size_t grain = 65536;
        std::fill_n(disk.begin() + static_cast<std::ptrdiff_t>(at), grain, std::byte{0x11});
        Bytes delta(disk.size());
        std::fill_n(delta.begin() + static_cast<std::ptrdiff_t>(at), grain, std::byte{0x11});
        writer_test::write_file(a.folder.file("delta.raw"), delta);
        appliance_test::convert(a.folder.file("delta.raw"), format, a.in(name), options);
    };
    change("first.vmdk", 65536, "vmdk", "subformat=streamOptimized");
    change("second.qcow2", 1 << 20, "qcow2", "");
    a.describe(
        {{"d1", "base.vmdk"}, {"d2", "first.vmdk", "", "", "vmdk", "d1"}, {"d3", "second.qcow2", "", "", "", "d2"}});
    put_text(a.in("web01.mf"), manifest_of(a.in(), {"web01.ovf", "base.vmdk", "first.vmdk", "second.qcow2"}));
    a.pack({"web01.ovf", "web01.mf", "base.vmdk", "first.vmdk", "second.qcow2"});
    for (const std::string& path : {a.ova(), a.in("web01.ovf")}) {
        const OpenedImage image = open_image_chain(path, disk_named("second.qcow2"));
        CHECK(read_all(*image.reader) == disk);
        CHECK(image.reader->info().format == "qcow2");
        CHECK(image.reader->info().warnings.empty());
        REQUIRE(image.layers.size() == 4);
        CHECK(image.layers[3].path.ends_with("base.vmdk"));
    }
    // All of them are checked against the manifest.
    a.add_disk("base.vmdk", 2);
    CHECK_THAT(refusal_of(a.in("web01.ovf"), disk_named("d3")), ContainsSubstring("base.vmdk' does not match"));
    change("raw.img", 0, "raw", "");
    a.describe({{"d1", "base.vmdk"}, {"d2", "raw.img", "", "", "", "d1"}});
    std::filesystem::remove(a.in("web01.mf"));
    CHECK_THAT(refusal_of(a.in("web01.ovf"), disk_named("d2")),
               ContainsSubstring("a raw file does not show what that is"));
}

TEST_CASE("appliance: a disk that is compressed, in pieces, or both is restored when read", "[ova]") {
    const Appliance a;
    appliance_test::convert(a.raw(), "vmdk", a.in("d.vmdk"), "subformat=streamOptimized");
    const std::string disk = a.folder.file("d.vmdk");
    std::filesystem::rename(a.in("d.vmdk"), disk);
    REQUIRE(run_tool({"cp", disk, a.in("d.vmdk")}).status == 0);
    REQUIRE(run_tool({"gzip", a.in("d.vmdk")}).status == 0);
    const auto split = [&](const std::string& from, const std::string& name) {
        REQUIRE(run_tool({"split", "-b", "300000", "-d", "-a", "9", from, a.in(name + ".")}).status == 0);
    };
    split(disk, "plain");
    split(a.in("d.vmdk.gz"), "packed");
    const std::string chunked = R"(ovf:chunkSize="300000")";
    const std::string gzip = R"(ovf:compression="gzip")";
    a.describe({{"a", "d.vmdk.gz", "", gzip}, {"b", "plain", "", chunked}, {"c", "packed", "", chunked + " " + gzip}});
    REQUIRE(run_tool({"sh", "-c", "cd '" + a.in() + "' && tar cf ../web01.ova web01.ovf d.vmdk.gz plain.* packed.*"})
                .status == 0);
    for (const std::string& path : {a.ova(), a.in("web01.ovf")})
        for (const char* member : {"d.vmdk.gz", "plain", "packed"}) {
            INFO(path << ": " << member);
            check_same_disk(path, disk, disk_named(member));
        }
    // A missing piece.
    const std::string size = std::to_string(std::filesystem::file_size(disk));
    a.describe({{"b", "plain", "", chunked + " ovf:size=\"" + size + "\""}});
    CHECK(refusal_of(a.in("web01.ovf")).empty());
    std::filesystem::remove(a.in("plain.000000002"));
    CHECK_THAT(refusal_of(a.in("web01.ovf")),
               ContainsSubstring("in 2 pieces") && ContainsSubstring("expected " + size));
}

TEST_CASE("appliance: names in it lead to its own files and nowhere else", "[ova]") {
    const Appliance a;
    put_text(a.folder.file("secret"), std::string(4096, 's'));
    appliance_test::convert(a.raw(), "vmdk", a.in("d.vmdk"), "subformat=streamOptimized");
    std::filesystem::create_symlink("../secret", a.in("link.vmdk"));
    const std::vector<std::pair<std::string, std::string>> names{
        {"../secret", "names a file '../secret'"},
        {"/etc/passwd", "names a file '/etc/passwd'"},
        {"%2e%2e/secret", "names a file '%2e%2e/secret'"},
        {"http://host/d.vmdk", "names a file 'http://host/d.vmdk'"},
        {"file:///etc/passwd", "names a file 'file:///etc/passwd'"},
        {"link.vmdk", "link.vmdk'"},
        {"gone.vmdk", "gone.vmdk'"},
    };
    for (const auto& [href, message] : names) {
        INFO(href);
        a.describe({{"d", href}});
        std::filesystem::remove(a.ova());
        a.pack({"web01.ovf", "d.vmdk", "link.vmdk"});
        CHECK_THAT(refusal_of(a.ova()), ContainsSubstring(message));
        CHECK_THAT(refusal_of(a.in("web01.ovf")), ContainsSubstring(message));
    }
    // Escaped characters, and a folder.
    std::filesystem::create_directory(a.in("my disks"));
    std::filesystem::rename(a.in("d.vmdk"), a.in("my disks/a b.vmdk"));
    std::filesystem::remove(a.ova());
    a.describe({{"d", "my%20disks/a%20b.vmdk"}});
    a.pack({"web01.ovf", "my disks/a b.vmdk"});
    check_same_disk(a.ova(), a.in("my disks/a b.vmdk"));
    check_same_disk(a.in("web01.ovf"), a.in("my disks/a b.vmdk"));
}

TEST_CASE("appliance: what an image in an archive names is searched among the members alone", "[ova]") {
    const Appliance a;
    appliance_test::convert(a.raw(), "qcow2", a.in("base.qcow2"));
    qemu_img({"create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", a.in("top.qcow2")});
    qemu_io(a.in("top.qcow2"), "qcow2", {"write -P 9 64k 128k"});
    a.describe({{"d", "top.qcow2", "", "", "qcow2"}});
    a.pack({"web01.ovf", "top.qcow2", "base.qcow2"});
    check_same_disk(a.ova(), a.in("top.qcow2"));
    const OpenedImage opened = open_image_chain(a.ova());
    REQUIRE(opened.layers.size() == 3);
    CHECK(opened.layers[0].role == LayerRole::package);
    CHECK(opened.layers[1].path.ends_with("web01.ova/top.qcow2"));
    CHECK(opened.layers[2].path.ends_with("web01.ova/base.qcow2"));
    // The base is beside the archive, not in it.
    std::filesystem::remove(a.ova());
    a.pack({"web01.ovf", "top.qcow2"});
    std::filesystem::copy_file(a.in("base.qcow2"), a.folder.file("base.qcow2"));
    CHECK_THAT(refusal_of(a.ova()), ContainsSubstring("names its backing file 'base.qcow2'"));
    // A flat image: a text that names its extent.
    appliance_test::convert(a.raw(), "vmdk", a.in("flat.vmdk"), "subformat=monolithicFlat");
    a.describe({{"d", "flat.vmdk"}});
    std::filesystem::remove(a.ova());
    a.pack({"web01.ovf", "flat.vmdk", "flat-flat.vmdk"});
    CHECK(digest_of(*open_image(a.ova())) == digest_of(*open_image(a.raw())));
    std::filesystem::remove(a.ova());
    a.pack({"web01.ovf", "flat.vmdk"});
    CHECK_THAT(refusal_of(a.ova()), ContainsSubstring("names its extent 'flat-flat.vmdk'"));
}

TEST_CASE("appliance: it may be in a folder of its archive", "[ova]") {
    const Appliance a;
    a.add_disk("root.vmdk", 1);
    a.describe({{"d", "root.vmdk"}});
    put_text(a.in("web01.mf"), manifest_of(a.in(), {"web01.ovf", "root.vmdk"}));
    archive(a.folder.path().string(), {"in/web01.ovf", "in/web01.mf", "in/root.vmdk"}, a.ova());
    check_same_disk(a.ova(), a.in("root.vmdk"));
    CHECK(open_package(a.ova(), {})->has_manifest());
}

TEST_CASE("appliance: an image that is based on its own archive member is a loop", "[ova]") {
    const Appliance a;
    qemu_img({"create", "-q", "-f", "qcow2", "-u", "-b", "top.qcow2", "-F", "qcow2", a.in("top.qcow2"), "1M"});
    a.describe({{"d", "top.qcow2", "", "", "qcow2"}});
    a.pack({"web01.ovf", "top.qcow2"});
    CHECK_THAT(refusal_of(a.ova()), ContainsSubstring("loops"));
}

TEST_CASE("appliance: it is recognised by its content, wherever the descriptor is in the archive", "[ova]") {
    const Appliance a;
    a.add_disk("root.vmdk", 1);
    a.describe({{"d", "root.vmdk"}});
    const std::string odd = a.folder.file("download");
    archive(a.in(), {"root.vmdk", "web01.ovf"}, odd);
    check_same_disk(odd, a.in("root.vmdk"));
    // A tar archive without a descriptor is neither an appliance nor a disk.
    archive(a.in(), {"root.vmdk"}, a.folder.file("plain.tar"));
    CHECK_THAT(refusal_of(a.folder.file("plain.tar")), ContainsSubstring("a tar archive without an OVF descriptor"));
    OpenOptions as_appliance;
    as_appliance.image.format = "ova";
    CHECK_THAT(refusal_of(a.folder.file("plain.tar"), as_appliance), ContainsSubstring("without an OVF descriptor"));
    // Taken as it is.
    OpenOptions as_raw;
    as_raw.image.format = "raw";
    CHECK(open_image(odd, as_raw)->info().virtual_size.value == std::filesystem::file_size(odd));
    // One appliance in another.
    std::filesystem::copy_file(odd, a.in("inner.ova"));
    a.describe({{"d", "inner.ova", "", "", "another"}});
    a.pack({"web01.ovf", "inner.ova"});
    CHECK_THAT(refusal_of(a.ova()), ContainsSubstring("an appliance in an appliance"));
}

TEST_CASE("appliance: an archive by the tar of Unix version 7 is read, and a wrong checksum is named", "[ova]") {
    const Appliance a;
    a.add_disk("root.vmdk", 1);
    a.describe({{"d", "root.vmdk"}});
    for (const std::vector<std::string>& files :
         {std::vector<std::string>{"web01.ovf", "root.vmdk"}, std::vector<std::string>{"root.vmdk", "web01.ovf"}}) {
        std::filesystem::remove(a.ova());
        a.pack(files, "v7");
        check_same_disk(a.ova(), a.in("root.vmdk"));
    }
    for (const char* format : {"ustar", "gnu"}) {
        std::filesystem::remove(a.ova());
        a.pack({"web01.ovf", "root.vmdk"}, format);
        Bytes damaged = read_file(a.ova());
        std::fill_n(damaged.begin() + 148, 8, std::byte{'0'});
        writer_test::write_file(a.ova(), damaged);
        CHECK_THAT(refusal_of(a.ova()),
                   ContainsSubstring("tar header at offset 0: expected a header with the checksum"));
    }
}

TEST_CASE("appliance: a file whose size differs from the descriptor is read with a warning", "[ova]") {
    const Appliance a;
    a.add_disk("root.vmdk", 1);
    const auto size = std::filesystem::file_size(a.in("root.vmdk"));
    a.describe({{"d", "root.vmdk", "", fmt::format("ovf:size=\"{}\"", size)}});
    CHECK(warnings_of(a.in("web01.ovf")).empty());
    a.describe({{"d", "root.vmdk", "", fmt::format("ovf:size=\"{}\"", size + 1)}});
    const std::vector<std::string> warnings = warnings_of(a.in("web01.ovf"));
    REQUIRE(warnings.size() == 1);
    CHECK_THAT(warnings[0], ContainsSubstring(fmt::format("has {} bytes, but it has {}", size + 1, size)));
}

TEST_CASE("appliance: a disk described as VMware's that does not begin like one is refused, not read as raw", "[ova]") {
    const Appliance a;
    std::filesystem::copy_file(a.raw(), a.in("d.vmdk"));
    a.describe({{"d", "d.vmdk"}});
    a.pack({"web01.ovf", "d.vmdk"});
    CHECK_THAT(refusal_of(a.ova()), ContainsSubstring("is a VMware disk according to the appliance"));
}

TEST_CASE("appliance: files that belong to no disk are kept if they are small", "[ova]") {
    const Appliance a;
    a.add_disk("root.vmdk", 1);
    put_text(a.in("web01.nvram"), "boot order");
    std::filesystem::resize_file((put_text(a.in("tools.iso"), ""), a.in("tools.iso")), (16 << 20) + 1);
    a.describe({{"d", "root.vmdk"}}, {"web01.nvram", "tools.iso"});
    put_text(a.in("web01.mf"), manifest_of(a.in(), {"web01.ovf", "root.vmdk", "web01.nvram"}));
    a.pack({"web01.ovf", "web01.mf", "root.vmdk", "web01.nvram", "tools.iso"});
    for (const std::string& path : {a.ova(), a.in("web01.ovf")}) {
        std::vector<std::string> warnings;
        const auto files = open_package(path, {})->small_files(warnings);
        REQUIRE(files.size() == 2);
        CHECK(files[0].name == "web01.ovf");
        CHECK(files[0].bytes == read_file(a.in("web01.ovf")));
        CHECK(files[1].name == "web01.nvram");
        CHECK(files[1].bytes == read_file(a.in("web01.nvram")));
        REQUIRE(warnings.size() == 1);
        CHECK_THAT(warnings[0], ContainsSubstring("tools.iso"));
    }
    put_text(a.in("web01.nvram"), "another one");
    std::vector<std::string> warnings;
    CHECK_THROWS_AS(open_package(a.in("web01.ovf"), {})->small_files(warnings), Error);
}

TEST_CASE("appliance: a truncated archive is refused or still gives the whole disk", "[ova]") {
    const Appliance a;
    a.add_disk("root.vmdk", 1);
    a.describe({{"d", "root.vmdk"}});
    a.pack({"web01.ovf", "root.vmdk"});
    const Bytes whole = read_file(a.ova());
    const Digest expected = digest_of(*open_image(a.in("root.vmdk")));
    const std::string cut = a.folder.file("cut.ova");
    std::size_t refused = 0;
    for (std::size_t length = 512; length < whole.size(); length += 16 * 512) {
        writer_test::write_file(cut, ByteView(whole).first(length));
        OpenOptions options;
        options.image.format = "ova";
        const std::string refusal = refusal_of(cut, options);
        if (refusal.empty())
            CHECK(digest_of(*open_image(cut, options)) == expected);
        else
            CHECK_THAT(refusal, ContainsSubstring("cut.ova"));
        if (!refusal.empty()) ++refused;
    }
    CHECK(refused > 10);
}

TEST_CASE("appliance: an archive can be read from a pipe, a descriptor alone cannot", "[ova]") {
    const Appliance a;
    a.add_disk("root.vmdk", 1);
    a.describe({{"d", "root.vmdk"}});
    a.pack({"web01.ovf", "root.vmdk"});
    OpenOptions options;
    options.image.format = "ova";
    const OpenedImage piped = open_lone_image(File::open(a.ova(), O_RDONLY), options);
    CHECK(digest_of(*piped.reader) == digest_of(*open_image(a.in("root.vmdk"))));
    CHECK_THROWS_WITH(open_lone_image(File::open(a.in("web01.ovf"), O_RDONLY), options),
                      ContainsSubstring("pass its path, or the whole archive (.ova)"));
}

}  // namespace varve::package_reader_test
