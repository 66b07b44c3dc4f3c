// How the format of a file is decided, and the messages about formats that are not read.

#include "formats/chain/probe.h"

#include <fcntl.h>
#include <filesystem>

#include "formats/guard/file_source.h"
#include "formats/registry.h"
#include "tests/catch.h"
#include "tests/formats/qcow2/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using namespace std::string_literals;

struct Sample {
    std::size_t at;
    std::string bytes;
    std::string format;
};

const std::vector<Sample> samples{
    {0, "QFI\xfb\0\0\0\1"s, "qcow"},
    {0, "QFI\xfb\0\0\0\2"s, "qcow2"},
    {0, "QFI\xfb\0\0\0\3"s, "qcow2"},
    {0, "QED\0"s, "qed"},
    {0, "KDMV\1\0\0\0"s, "vmdk"},
    {0, "COWD"s, "vmdk"},
    {0, "\xbe\xba\xfe\xca\0\0\0\0"s, "vmdk"},
    {0, "# Disk DescriptorFile\nversion=1\n"s, "vmdk"},
    {0, "\n# a comment\r\n # disk descriptorfile\n"s, "vmdk"},
    {0, "conectix"s, "vpc"},
    {8192 - 512, "conectix"s, "vpc"},
    {8192 - 511, "conectix"s, "vpc"},
    {0, "vhdxfile"s, "vhdx"},
    {64, "\x7f\x10\xda\xbe"s, "vdi"},
    {0, "WithoutFreeSpace"s, "parallels"},
    {0, "WithouFreSpacExt"s, "parallels"},
    {0, "\n<?xml version='1.0'?>\n<Parallels_disk_image Version=\"1.0\">"s, "parallels"},
    {0, "MOOO\1\0\0\0"s, "cow"},
    {0, "OOOM\0\0\0\2"s, "cow"},
    {0, "OOOM\0\0\0\3"s, "cow"},
    {0, "LUKS\xba\xbe"s, "luks"},
    {0, "LUKS\xba\xbe\0\2"s, "luks2"},
    {0, "LABELONE"s, "lvm2"},
    {1536, "LABELONE"s, "lvm2"},
    {0, "\x1f\x8b\x08"s, "gzip"},
    {0, "\xfd\x37zXZ\0"s, "xz"},
    {0, "\x28\xb5\x2f\xfd"s, "zstd"},
    {0, "BZh91AY&SY"s, "bzip2"},
    {0, "Bochs Virtual HD Image\0"s, "bochs"},
    {0, "#!/bin/sh\n#V2.0 Format\n"s, "cloop"},
    {8192 - 512, "koly\0\0\0\4"s, "dmg"},
    {0, "encrcdsa"s, "dmg"},
    {0, "EVF\x09\x0d\x0a\xff\0"s, "ewf"},
    {0, "EVF2\x0d\x0a\x81\0"s, "ewf"},
    {0, "AFF10\x0d\x0a\0"s, "aff"},
    {0, "VMA\0"s, "vma"},
    {0, "shdw"s, "asif"},
    {0, "MSWIM\0\0\0"s, "wim"},
    {0, "MComprHD"s, "chd"},
    {0, "\x3a\xff\x26\xed"s, "simg"},
    {0, "partclone-image"s, "partclone"},
    {0, "\xa2\x72\x19\xf6"s, "ctk"},
    {0, "\xef\xbb\xbf.encoding = \"UTF-8\"\nconfig.version = \"8\"\n"s, "vmx"},
    {0, "config.version = \"8\"\n"s, "vmx"},
    {0, "\xd2\xbe\xd2\xbe"s, "vmware_state"},
    {0, "<?xml version=\"1.0\"?>\n<VirtualBox xmlns=\"http://www.virtualbox.org/\">"s, "vbox"},
    {0, "<domain type='kvm'>"s, "libvirt_domain"},
    {0, "\n<!DOCTYPE HTML>"s, "html"},
    {0, "<html><body>404"s, "html"},
    {0, "\x04\x22\x4d\x18"s, "lz4"},
    {0, "\x89LZO\0\x0d\x0a\x1a\x0a"s, "lzop"},
    {0, "PK\3\4"s, "zip"},
    {0, "7z\xbc\xaf\x27\x1c"s, "7z"},
    {0, "Rar!\x1a\x07"s, "rar"},
    {257, "ustar\0"s, "tar"},
    {0, "#Disk Descriptor File\ncreateType=\"vmfs\"\n"s, "vmdk"},
    {0, "# made by hand\nversion=1\nCID=1\ncreateType=\"vmfs\"\n"s, "vmdk"},
    {0, "encoding=\"UTF-8\"\r\nCreateType = \"vmfs\"\r\n"s, "vmdk"},
};

std::string sample_file(const ScratchFolder& folder, const Sample& sample) {
    Bytes bytes(8192);
    std::copy_n(bytes_of(sample.bytes).begin(), sample.bytes.size(),
                bytes.begin() + static_cast<std::ptrdiff_t>(sample.at));
    write_file(folder.file("sample"), bytes);
    return folder.file("sample");
}

}  // namespace

TEST_CASE("probe: every known magic is named, and what is not read is refused by name", "[formats]") {
    ScratchFolder folder;
    for (const Sample& sample : samples) {
        INFO(sample.format << " at " << sample.at);
        const std::string path = sample_file(folder, sample);
        CHECK(probe_format(*open_file_source(path), format_registry()) == format_registry().find(sample.format));
        if (format_registry().is_readable(sample.format)) continue;
        const std::string refusal = refusal_of(path);
        CHECK_THAT(refusal, ContainsSubstring(format_registry().describe(sample.format)));
        CHECK_THAT(refusal, ContainsSubstring("this version of varve reads raw, ") && ContainsSubstring(", ova"));
        CHECK_THAT(refusal, ContainsSubstring("--format raw"));
        CHECK(refusal_of(path, {{.format = "raw"}}).empty());
    }
}

TEST_CASE("probe: a tar archive is an OVA only with a descriptor, and else refused by what it is", "[formats]") {
    ScratchFolder folder;
    for (const auto& [name, format] : {std::pair("box.OVF", "ova"), std::pair("box.txt", "tar"),
                                       std::pair("ova.xml", "xva"), std::pair("box.img", "box")}) {
        CAPTURE(name);
        Bytes archive(1024);
        std::copy_n(bytes_of(name).begin(), 7, archive.begin());
        std::copy_n(bytes_of("ustar").begin(), 5, archive.begin() + 257);
        write_file(folder.file("a.tar"), archive);
        CHECK(probe_format(*open_file_source(folder.file("a.tar")), format_registry()) ==
              format_registry().find(format));
    }
}

TEST_CASE("probe: text with some of a descriptor's words is not a VMDK", "[formats][vmdk]") {
    ScratchFolder folder;
    for (const std::string text : {"version=1\n", "# a comment\nname=x\ncreateType=\"vmfs\"\n", "#\n#\n"}) {
        write_file(folder.file("a"), bytes_of(text));
        CHECK(open_image(folder.file("a"))->info().format == "raw");
    }
}

TEST_CASE("probe: a file without a known magic is raw, unless its name promises another format", "[formats][raw]") {
    ScratchFolder folder;
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{511}, std::size_t{70000}}) {
        CAPTURE(size);
        for (const std::string name : {"x", "x.raw", "x.IMG", "x.dd", "x.bin", "x.vmdk.old", "vmdk", "a.qcow2.d/x"}) {
            const std::string path = folder.file(name);
            std::filesystem::create_directories(std::filesystem::path(path).parent_path());
            write_file(path, Bytes(size, std::byte{1}));
            const auto reader = open_image(path);
            CHECK(reader->info().format == "raw");
            CHECK(reader->info().virtual_size.value == size);
        }
        for (const std::string name : {"x.qcow2", "x.VMDK", "x.vdi", "x.ova", "x.ovf", "x.vhdx", "x.vhd", "x.vmx",
                                       "x.vbox", "x-ctk.vmdk", "x.zip", "x.gz", "x.E01"}) {
            CAPTURE(name);
            const std::string path = folder.file(name);
            write_file(path, Bytes(size, std::byte{1}));
            const std::string refusal = refusal_of(path);
            CHECK_THAT(refusal, ContainsSubstring("is named like a") && ContainsSubstring("pass --format raw"));
            CHECK_THAT(refusal, ContainsSubstring(size == 0 ? "but is empty" : "its bytes are not those of one"));
            CHECK(refusal_of(path, {{.format = "raw"}}).empty());
        }
    }
}

TEST_CASE("probe: the magic decides, also when the name promises another format", "[formats]") {
    ScratchFolder folder;
    write_file(folder.file("x.vmdk"), Qcow2Builder().data_cluster(0, 'q').view());
    CHECK(open_image(folder.file("x.vmdk"))->info().format == "qcow2");
}

TEST_CASE("probe: what comes through a pipe is raw, with a warning if it is an image", "[formats]") {
    ScratchFolder folder;
    const auto opened = [&](ByteView bytes, const OpenOptions& options = {}) {
        write_file(folder.file("x"), bytes);
        return open_lone_image(File::open(folder.file("x"), O_RDONLY), options);
    };
    const OpenedImage image = opened(Qcow2Builder().view());
    CHECK(image.reader->info().format == "raw");
    REQUIRE(image.reader->info().warnings.size() == 1);
    CHECK_THAT(image.reader->info().warnings[0], ContainsSubstring("pass --format qcow2"));
    CHECK(opened(Qcow2Builder().view(), {{.format = "raw"}}).reader->info().warnings.empty());
    CHECK(opened(bytes_of("LUKS\xba\xbe")).reader->info().warnings.empty());
    CHECK_THAT(opened(bytes_of("VMA\0"s)).reader->info().warnings.at(0), ContainsSubstring("Proxmox"));
}

TEST_CASE("probe: only formats that are read can be specified", "[formats]") {
    ScratchFolder folder;
    write_file(folder.file("x"), Bytes(10));
    CHECK_THAT(refusal_of(folder.file("x"), {{.format = "bochs"}}), ContainsSubstring("pass one of raw, "));
    CHECK_THAT(refusal_of(folder.file("x"), {{.backing_format = "bochs"}}),
               ContainsSubstring("--backing-format 'bochs'"));
    CHECK_THAT(refusal_of(folder.file("x"), {{.format = "qcow2"}}), ContainsSubstring("qcow2 header"));
}

TEST_CASE("probe: a backing file without a recorded format is opened by its magic", "[formats][qcow2]") {
    ScratchFolder folder;
    write_file(folder.file("top.qcow2"), Qcow2Builder().backing("base").view());
    write_file(folder.file("base"), Qcow2Builder().data_cluster(0, 'b').view());
    CHECK(text_of(read_all(*open_image(folder.file("top.qcow2")))).front() == 'b');

    write_file(folder.file("base"), Bytes(4096, std::byte{'r'}));
    CHECK_THAT(refusal_of(folder.file("top.qcow2")), ContainsSubstring("pass --backing-format raw"));
    CHECK(text_of(read_all(*open_image(folder.file("top.qcow2"), {{.backing_format = "raw"}}))).front() == 'r');

    write_file(folder.file("base"), bytes_of("Bochs Virtual HD Image"));
    CHECK_THAT(refusal_of(folder.file("top.qcow2")), ContainsSubstring("a Bochs disk"));
}

TEST_CASE("probe: a recorded backing format is followed, and refused by name when it is not read", "[formats][qcow2]") {
    ScratchFolder folder;
    write_file(folder.file("base"), Bytes(4096, std::byte{'r'}));
    write_file(folder.file("top.qcow2"), Qcow2Builder().backing("base", "qcow2").view());
    CHECK_THAT(refusal_of(folder.file("top.qcow2")), ContainsSubstring("expected the qcow2 magic"));
    write_file(folder.file("top.qcow2"), Qcow2Builder().backing("base", "bochs").view());
    CHECK_THAT(refusal_of(folder.file("top.qcow2")), ContainsSubstring("a Bochs disk"));
    write_file(folder.file("top.qcow2"), Qcow2Builder().backing("base", "\x1b[m").view());
    CHECK_THAT(refusal_of(folder.file("top.qcow2")), ContainsSubstring("of format '\x1b[m'"));
}

TEST_CASE("probe: a raw disk whose guest wrote a qcow2 header is raw if declared so", "[formats][qcow2][bad-input]") {
    ScratchFolder folder;
    const Bytes guest = [] {
        const Qcow2Builder header = Qcow2Builder().backing("secret", "raw");
        return Bytes(header.view().begin(), header.view().end());
    }();
    write_file(folder.file("secret"), Bytes(4096, std::byte{'s'}));
    write_file(folder.file("disk.img"), guest);

    SECTION("declared raw stays raw") {
        const OpenedImage image = open_image_chain(folder.file("disk.img"), {{.format = "raw"}});
        CHECK(image.layers.size() == 1);
        CHECK((read_all(*image.reader) == guest));
        CHECK(image.reader->info().warnings.empty());
    }
    SECTION("recorded as raw stays raw") {
        write_file(folder.file("top.qcow2"), Qcow2Builder(guest.size()).backing("disk.img", "raw").view());
        const OpenedImage image = open_image_chain(folder.file("top.qcow2"));
        CHECK(image.layers.size() == 2);
        CHECK((read_all(*image.reader) == guest));
    }
    SECTION("declared raw as a backing file stays raw, with a warning") {
        write_file(folder.file("top.qcow2"), Qcow2Builder(guest.size()).backing("disk.img").view());
        const OpenedImage image = open_image_chain(folder.file("top.qcow2"), {{.backing_format = "raw"}});
        CHECK(image.layers.size() == 2);
        CHECK((read_all(*image.reader) == guest));
        REQUIRE(image.reader->info().warnings.size() == 1);
        CHECK_THAT(image.reader->info().warnings[0], ContainsSubstring("because of --backing-format"));
    }
    SECTION("not declared, it is read as qcow2, with a warning") {
        const OpenedImage image = open_image_chain(folder.file("disk.img"));
        CHECK(image.layers.size() == 2);
        REQUIRE(image.reader->info().warnings.size() == 1);
        CHECK_THAT(image.reader->info().warnings[0], ContainsSubstring("pass --format raw"));
    }
    SECTION("not declared, with a data file, it is read as qcow2, with a warning") {
        Qcow2Builder header;
        write_file(folder.file("disk.img"), header.be64(72, 4).extension(104, 0x44415441, "secret").view());
        const OpenedImage image = open_image_chain(folder.file("disk.img"));
        REQUIRE(image.reader->info().warnings.size() == 1);
        CHECK_THAT(image.reader->info().warnings[0], ContainsSubstring("names another file"));
    }
}

}  // namespace varve::reader_test
