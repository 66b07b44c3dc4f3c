// Images made by qemu inside logical volumes: their contents, where their names may lead, and what is refused.

#include <fcntl.h>
#include <filesystem>
#include <map>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "formats/open_image.h"
#include "tests/catch.h"
#include "tests/contract/image_reader_contract.h"
#include "tests/formats/lvm/fixture.h"
#include "tests/support/reader_support.h"

namespace varve::lvm_test {
namespace {

using reader_test::qemu_bytes;
using reader_test::qemu_img;
using reader_test::qemu_io;
using reader_test::read_all;
using reader_test::refusal_of;
using writer_test::read_file;
using writer_test::ScratchFolder;

/// Where a volume's bytes are on p0.raw, from the fixture's kernel tables and thin_dump. In sectors.
struct Run {
    std::uint64_t begin;
    std::uint64_t count;
};
const std::map<std::string, std::vector<Run>> linear_runs{
    {"home-1", {{51200, 49152}}},
    {"neveract", {{124928, 8192}}},
    {"root", {{2048, 24576}, {34816, 16384}}},
};
const std::map<std::string, std::vector<Run>> thin_runs{{"vm6", {{81408, 4096}}}};

/// Copies of a fixture's disks to write on, and a folder for images.
class Disks {
public:
    Disks(const std::string& fixture, const std::map<std::string, std::vector<Run>>& runs) : runs_(runs) {
        for (const std::string& disk : fixture_disks(fixture)) {
            const std::string copy = file(std::filesystem::path(disk).filename().string());
            std::filesystem::copy_file(disk, copy);
            std::filesystem::permissions(copy, std::filesystem::perms::owner_all);
            options_.volume.physical_volumes.push_back(copy);
        }
    }

    std::string file(const std::string& name) const { return folder_.file(name); }

    /// Writes the file's bytes to the beginning of the volume.
    void put(const std::string& volume, const std::string& image) const {
        const Bytes bytes = read_file(file(image));
        const File disk = File::open(options_.volume.physical_volumes.front(), O_RDWR);
        ByteView rest(bytes);
        for (const Run& run : runs_.at(volume)) {
            const ByteView part = rest.first(std::min<std::size_t>(rest.size(), run.count * 512));
            disk.write_all(ByteOffset{run.begin * 512}, part);
            rest = rest.subspan(part.size());
        }
        REQUIRE(rest.empty());
    }

    /// A 2 MiB qcow2 image with a pattern; with `backing`, an overlay that names it so.
    void make(const std::string& name, const std::string& pattern, const std::string& backing = "") const {
        qemu_img({"create", "-q", "-f", "qcow2", file(name), "2M"});
        qemu_io(file(name), "qcow2", {"write -P " + pattern + " " + (backing.empty() ? "0 1M" : "256k 64k")});
        if (!backing.empty()) qemu_img({"rebase", "-u", "-f", "qcow2", "-b", backing, "-F", "qcow2", file(name)});
    }

    OpenOptions options(const std::string& format = "qcow2") const {
        OpenOptions options = options_;
        if (!format.empty()) options.image.format = format;
        return options;
    }

private:
    ScratchFolder folder_;
    std::map<std::string, std::vector<Run>> runs_;
    OpenOptions options_;
};

std::vector<std::string> paths_of(const OpenedImage& image) {
    std::vector<std::string> paths;
    for (const LayerInfo& layer : image.layers)
        if (layer.role == LayerRole::image) paths.push_back(layer.path);
    return paths;
}

std::vector<std::string> names_of_base() {
    return {"neveract",
            "./neveract",
            "vg-lin.a/neveract",
            "../vg-lin.a/neveract",
            "/dev/vg-lin.a/neveract",
            "/dev/mapper/vg--lin.a-neveract"};
}

}  // namespace

TEST_CASE("an image of any format reads the same in a logical volume as in a file", "[lvm][image-in-volume]") {
    const Disks disks("linear", linear_runs);
    disks.make("a.qcow2", "0x41");
    const Bytes guest = qemu_bytes(disks.file("a.qcow2"), "qcow2");
    for (const std::string format : {"qcow2", "vmdk", "vdi"}) {
        CAPTURE(format);
        qemu_img({"convert", "-O", format, disks.file("a.qcow2"), disks.file("a." + format + ".copy")});
        disks.put("home-1", "a." + format + ".copy");
        const OpenedImage image = open_image_chain("lvm:vg-lin.a/home-1", disks.options(format));
        CHECK(image.reader->info().format == format);
        CHECK(image.reader->info().virtual_size == mib(2));
        CHECK(read_all(*image.reader) == guest);
        CHECK(image.reader->extent_at({mib(1).value}).kind != ExtentKind::data);
        CHECK_NOTHROW(image.reader->check_unchanged());
        contract::check_image_reader(*image.reader, guest);
        // What LVM knows to have changed are bytes of the volume, not of the disk in it.
        CHECK(image.changes == nullptr);
        CHECK(image.layers.front().path == "lvm:vg-lin.a/home-1");
        CHECK(image.layers.front().format == format);
        CHECK(image.layers.back().role == LayerRole::physical_volume);
    }
}

TEST_CASE("an image may cross the segments of a volume, and be in a thin volume", "[lvm][image-in-volume]") {
    const Disks disks("linear", linear_runs);
    qemu_img({"create", "-q", "-f", "qcow2", "-o", "preallocation=full", disks.file("a"), "14M"});
    qemu_io(disks.file("a"), "qcow2", {"write -P 0x52 11M 3M"});
    disks.put("root", "a");
    CHECK(read_all(*open_image("lvm:vg-lin.a/root", disks.options())) == qemu_bytes(disks.file("a"), "qcow2"));

    const Disks thin("thin", thin_runs);
    thin.make("a", "0x54");
    thin.put("vm6", "a");
    const OpenedImage image = open_image_chain("lvm:vgt/vm6", thin.options());
    CHECK(read_all(*image.reader) == qemu_bytes(thin.file("a"), "qcow2"));
    CHECK(image.changes == nullptr);
    CHECK(open_image_chain("lvm:vgt/vm6", thin.options("raw")).changes != nullptr);
}

TEST_CASE("the snapshots of an image in a volume are selected by their own names", "[lvm][image-in-volume]") {
    const Disks disks("linear", linear_runs);
    disks.make("a", "0x41");
    const Bytes before = qemu_bytes(disks.file("a"), "qcow2");
    qemu_img({"snapshot", "-c", "monday", disks.file("a")});
    qemu_io(disks.file("a"), "qcow2", {"write -P 0x42 512k 64k"});
    disks.put("home-1", "a");
    OpenOptions options = disks.options();
    CHECK(open_image("lvm:vg-lin.a/home-1", options)->info().snapshots.size() == 1);
    options.image.snapshot = "monday";
    CHECK(read_all(*open_image("lvm:vg-lin.a/home-1", options)) == before);
}

TEST_CASE("backing names in a volume lead to volumes of its group", "[lvm][image-in-volume]") {
    const Disks disks("linear", linear_runs);
    disks.make("base", "0x62");
    disks.put("neveract", "base");
    disks.make("expected", "0x74", disks.file("base"));
    const Bytes guest = qemu_bytes(disks.file("expected"), "qcow2");
    for (const std::string& name : names_of_base()) {
        CAPTURE(name);
        disks.make("top", "0x74", name);
        disks.put("home-1", "top");
        const OpenedImage image = open_image_chain("lvm:vg-lin.a/home-1", disks.options());
        CHECK(read_all(*image.reader) == guest);
        CHECK(paths_of(image) == std::vector<std::string>{"lvm:vg-lin.a/home-1", "lvm:vg-lin.a/neveract"});
    }
    // A name with a hyphen is doubled by device-mapper.
    disks.make("top", "0x74", "/dev/mapper/vg--lin.a-home--1");
    disks.put("root", "top");
    CHECK(paths_of(open_image_chain("lvm:vg-lin.a/root", disks.options())).size() == 3);
}

TEST_CASE("backing names in a volume never lead outside its group", "[lvm][image-in-volume][bad-input]") {
    const Disks disks("linear", linear_runs);
    const auto outcome = [&](const std::string& name) {
        disks.make("top", "0x74", name);
        disks.put("home-1", "top");
        return refusal_of("lvm:vg-lin.a/home-1", disks.options());
    };
    for (const std::string name :
         {"/dev/vg3/lv8", "vg3/lv8", "../vg3/lv8", "/dev/mapper/vg3-lv8", "/dev/mapper/vg--lin.a-root-real", "/dev/sda",
          "/etc/passwd", "../../etc/passwd", "sub/neveract", "/dev/vg-lin.a/../vg3/lv8", "nbd://host/x",
          "json:{\"driver\":\"host_device\",\"filename\":\"/dev/sda\"}"}) {
        CAPTURE(name);
        CHECK_THAT(outcome(name), ContainsSubstring("'lvm:vg-lin.a/home-1' names its backing file") &&
                                      ContainsSubstring("which is not followed"));
    }
    for (const std::string name : {"gone", "/dev/vg-lin.a/gone", "/dev/mapper/vg--lin.a-gone"}) {
        CAPTURE(name);
        CHECK_THAT(outcome(name), ContainsSubstring("volume group 'vg-lin.a' has no such volume"));
    }
    CHECK_THAT(outcome("home-1"), ContainsSubstring("loops"));
    disks.make("other", "0x74", "/dev/vg-lin.a/home-1");
    disks.put("root", "other");
    CHECK_THAT(outcome("root"), ContainsSubstring("loops"));
}

TEST_CASE("an image in a volume is not read as raw bytes unless they are requested", "[lvm][image-in-volume]") {
    const Disks disks("linear", linear_runs);
    disks.make("a", "0x41");
    disks.put("home-1", "a");
    CHECK_THAT(refusal_of("lvm:vg-lin.a/home-1", disks.options("")), ContainsSubstring("has a qcow2 image in it") &&
                                                                         ContainsSubstring("--format qcow2") &&
                                                                         ContainsSubstring("--format raw"));
    const Bytes image = read_file(disks.file("a"));
    const Bytes raw = read_all(*open_image("lvm:vg-lin.a/home-1", disks.options("raw")));
    CHECK(raw.size() == 49152 * 512);
    CHECK(std::equal(image.begin(), image.end(), raw.begin()));

    writer_test::write_file(disks.file("a.bochs"), bytes_of("Bochs Virtual HD Image"));
    disks.put("root", "a.bochs");
    CHECK_THAT(refusal_of("lvm:vg-lin.a/root", disks.options("")),
               ContainsSubstring("a Bochs disk") && ContainsSubstring("pass --format raw"));
    CHECK_THAT(refusal_of("lvm:vg-lin.a/neveract", disks.options("qcow2")), ContainsSubstring("qcow2 magic"));
    CHECK(refusal_of("lvm:vg-lin.a/neveract", disks.options("")).empty());
}

}  // namespace varve::lvm_test
