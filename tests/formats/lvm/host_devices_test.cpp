// The host's block devices, from a sysfs made for the test.

#include "formats/lvm/host_devices.h"

#include <fstream>

#include "formats/lvm/active_devices.h"
#include "tests/catch.h"
#include "tests/formats/lvm/host_disks.h"
#include "tests/support/writer_support.h"

namespace varve::lvm_test {
namespace {

namespace fs = std::filesystem;

/// A tree like the kernel's: a folder for each device, those of disks containing those of their partitions, and links
/// to all of them in class/block.
class FakeSysfs {
public:
    FakeSysfs() { fs::create_directories(sys() / "class/block"); }

    lvm::HostPaths host() const { return {sys(), "/dev"}; }
    fs::path sys() const { return folder_.path() / "sys"; }

    void disk(const std::string& name, const std::string& sectors = "2048") {
        device("devices/block/" + name, name, sectors);
    }
    void partition(const std::string& disk, const std::string& name) {
        device("devices/block/" + disk + "/" + name, name, "1024");
        write("devices/block/" + disk + "/" + name + "/partition", "1");
    }
    void mapped(const std::string& name, const std::string& uuid) {
        disk(name);
        write("devices/block/" + name + "/dm/uuid", uuid);
    }
    void hold(const std::string& device, const std::string& holder) {
        write("class/block/" + device + "/holders/" + holder, "");
    }

private:
    void device(const std::string& place, const std::string& name, const std::string& sectors) {
        write(place + "/size", sectors);
        write(place + "/queue/rotational", "0");
        fs::create_directories(sys() / place / "holders");
        fs::create_directory_symlink("../../" + place, sys() / "class/block" / name);
    }
    void write(const std::string& place, const std::string& line) {
        fs::create_directories((sys() / place).parent_path());
        std::ofstream(sys() / place) << line << "\n";
    }

    writer_test::ScratchFolder folder_;
};

using Paths = std::vector<std::string>;

constexpr const char* group = "fmIGUd-5dYv-6wUC-kGIA-ywnj-LPfh-U8PObg";
constexpr const char* volume = "NgEdXB-LFpZ-L2jY-ROGj-scVE-oklY-o3d5CC";
constexpr const char* mapper = "LVM-fmIGUd5dYv6wUCkGIAywnjLPfhU8PObgNgEdXBLFpZL2jYROGjscVEoklYo3d5CC";

}  // namespace

TEST_CASE("lvm host devices: whole disks and partitions are candidates, partitioned disks are not",
          "[lvm][host-devices]") {
    FakeSysfs fake;
    fake.disk("sda");
    fake.partition("sda", "sda1");
    fake.partition("sda", "sda2");
    fake.disk("sdb");
    fake.disk("nvme0n1");
    fake.partition("nvme0n1", "nvme0n1p1");
    fake.disk("cciss!c0d0");
    CHECK(lvm::find_host_devices(fake.host()) ==
          Paths{"/dev/cciss/c0d0", "/dev/nvme0n1p1", "/dev/sda1", "/dev/sda2", "/dev/sdb"});
}

TEST_CASE("lvm host devices: devices of size zero and devices that are not disks are left out", "[lvm][host-devices]") {
    FakeSysfs fake;
    fake.disk("loop0", "0");
    fake.disk("loop1");
    for (const char* name : {"ram0", "zram0", "fd0", "sr0"}) fake.disk(name);
    fake.disk("rambler");
    fake.disk("sdx", "nonsense");
    CHECK(lvm::find_host_devices(fake.host()) == Paths{"/dev/loop1", "/dev/rambler"});
}

TEST_CASE("lvm host devices: an array or multipath device is a candidate, its members are not", "[lvm][host-devices]") {
    FakeSysfs fake;
    for (const char* name : {"sda", "sdb", "sdc", "sdd", "sde", "md127"}) fake.disk(name);
    fake.partition("sdc", "sdc1");
    fake.mapped("dm-0", "mpath-360014");
    fake.mapped("dm-1", "part1-mpath-360014");
    fake.mapped("dm-2", "CRYPT-LUKS2-1234-luks");
    fake.hold("sda", "md127");
    fake.hold("sdb", "md127");
    fake.hold("sdc", "dm-0");  // and so its partition is part of it, too
    fake.hold("dm-0", "dm-1");
    fake.hold("sdd", "dm-2");
    CHECK(lvm::find_host_devices(fake.host()) == Paths{"/dev/dm-1", "/dev/dm-2", "/dev/md127", "/dev/sdd", "/dev/sde"});
}

TEST_CASE("lvm host devices: a disk in use by LVM is a candidate, its logical volumes are not", "[lvm][host-devices]") {
    FakeSysfs fake;
    fake.disk("sda");
    fake.mapped("dm-0", mapper);
    fake.mapped("dm-1", std::string(mapper) + "-real");
    fake.hold("sda", "dm-0");
    CHECK(lvm::find_host_devices(fake.host()) == Paths{"/dev/sda"});
}

TEST_CASE("lvm active devices: a volume is found by its uuids, and so is each of its layers", "[lvm][host-devices]") {
    FakeSysfs fake;
    fake.disk("sda");
    fake.mapped("dm-0", std::string(mapper) + "-tpool");
    fake.mapped("dm-1", std::string(mapper) + "-tmeta");
    fake.mapped("dm-2", "CRYPT-x");
    const auto active = [&](std::string_view layer) { return lvm::active_device(group, volume, layer, fake.host()); };
    CHECK(active("tpool") == "/dev/dm-0");
    CHECK(active("tmeta") == "/dev/dm-1");
    CHECK_FALSE(active("tdata"));
    CHECK_FALSE(active(""));
    fake.mapped("dm-7", mapper);
    CHECK(active("") == "/dev/dm-7");
    CHECK_FALSE(lvm::active_device(volume, group, "", fake.host()));
}

TEST_CASE("lvm host devices: without sysfs the message advises to specify the devices", "[lvm][host-devices]") {
    writer_test::ScratchFolder folder;
    const auto call = [&] { lvm::find_host_devices({folder.path() / "none", "/dev"}); };
    CHECK(refusal_code(call) == ErrorCode::io);
    CHECK_THAT(refusal(call), ContainsSubstring("specify the devices instead"));
}

TEST_CASE("lvm host devices: this host's own devices are listed without root", "[lvm][host-devices]") {
    if (!fs::exists("/sys/class/block")) return;
    for (const std::string& path : lvm::find_host_devices()) CHECK(path.starts_with("/dev/"));
}

}  // namespace varve::lvm_test
