// Labels of physical volumes: those written by LVM, and damaged ones.

#include "formats/lvm/label.h"

#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include <fmt/format.h>

#include "engine/image/window_reader.h"
#include "tests/catch.h"
#include "tests/formats/lvm/fixture.h"
#include "tests/formats/lvm/host_disks.h"

namespace varve::lvm_test {
namespace {

lvm::Label label_of(const std::string& fixture_name, int index) {
    const auto label = lvm::read_label(named(fixture_disk(fixture_name, index), "disk"));
    REQUIRE(label);
    return *label;
}

lvm::Label golden(const std::string& uuid, std::uint64_t size, std::uint64_t data, std::vector<ByteRange> areas) {
    lvm::Label label;
    label.uuid = uuid;
    label.sector = 1;
    label.device_size = ByteCount{size};
    label.data_areas = {range(data, 0)};
    label.metadata_areas = std::move(areas);
    label.extension_version = 2;
    label.extension_flags = 1;
    return label;
}

/// By uuid: "1st PE" and "PSize" of pvs.
std::map<std::string, std::uint64_t> first_extents(const std::string& fixture_name, const std::string& file) {
    std::map<std::string, std::uint64_t> out;
    std::ifstream in(fixture(fixture_name) / file);
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
        std::istringstream cells(line);
        std::string device, uuid, group;
        std::uint64_t first = 0;
        if (cells >> device >> uuid >> group >> first) out[uuid] = first;
    }
    REQUIRE(!out.empty());
    return out;
}

/// A label whose sector 1 was changed by `change` and given a valid checksum.
std::string label_refusal(const std::function<void(ByteSpan)>& change) {
    Bytes disk = bytes_of_volume({.uuid = made_uuid("a"), .areas = {{}}});
    change(ByteSpan(disk).subspan(512, 512));
    seal_label(disk, 1);
    return refusal([&] { lvm::read_label(named(std::make_shared<ChangedDisk>(disk), "a.raw")); });
}

}  // namespace

TEST_CASE("lvm label: the labels of the fixtures are read as LVM wrote them", "[lvm][label]") {
    CHECK(label_of("linear", 0) ==
          golden("reKQmS-gPVp-1fh0-wNCn-WRVa-1QfY-SZw9W7", 100663296, 1048576, {range(4096, 1044480)}));
    CHECK(label_of("linear", 1) ==
          golden("jv1If5-Fus9-mEqH-rEoy-tTe1-echx-iPa3Gc", 50331648, 65536, {range(4096, 61440)}));
    CHECK(label_of("linear", 2) == golden("RNPvcI-b9Vc-TTDh-Kyms-gCWX-jnaX-MNi1it", 50331648, 65536,
                                          {range(4096, 61440), range(50266112, 65536)}));
    CHECK(label_of("linear", 3) == golden("cdc6na-XcvS-AHR0-JYsG-M4QM-xFHc-3CR3zY", 33554432, 1048576, {}));
    lvm::Label third = golden("ZDq6Uh-rpYG-whGf-085D-rmya-wrgZ-oGqzvS", 25165824, 1314304, {range(4096, 1048064)});
    third.sector = 3;
    third.bootloader_areas = {range(1052160, 262144)};
    CHECK(label_of("linear", 4) == third);
}

TEST_CASE("lvm label: uuid and data area are what pvs reported, on every disk", "[lvm][label]") {
    for (const auto& [name, file, disks] : {std::tuple("linear", "out.truth/state.active/pvs.txt", 5),
                                            std::tuple("snap", "out.truth/state.before/pvs.txt", 2),
                                            std::tuple("thin", "out.truth/state.before/pvs.txt", 2),
                                            std::tuple("exotic", "out.truth/state.active/pvs.txt", 4)}) {
        const auto expected = first_extents(name, file);
        for (int i = 0; i < disks; ++i) {
            CAPTURE(name, i);
            const lvm::Label label = label_of(name, i);
            REQUIRE(expected.contains(label.uuid));
            REQUIRE(label.data_areas.size() == 1);
            CHECK(label.data_areas[0].begin.value == expected.at(label.uuid));
            CHECK(label.device_size == fixture_disk(name, i)->info().virtual_size);
            CHECK(label.is_in_use());
        }
    }
}

TEST_CASE("lvm label: offsets are relative to the beginning of the physical volume, in a partition too",
          "[lvm][label]") {
    const auto disk = fixture_disk("linear", 5);
    CHECK(lvm::read_label(named(disk, "p5.raw")) == std::nullopt);
    const auto partition = std::make_shared<WindowReader>(*disk, range(9437184, 56623104));
    CHECK(lvm::read_label(named(partition, "p5.raw")) ==
          golden("9YU1H3-eT18-myaA-dzFa-7FQc-qhUE-fJrFYN", 56623104, 1048576, {range(4096, 1044480)}));
}

TEST_CASE("lvm label: it is found in each of the first four sectors and in no other", "[lvm][label]") {
    for (std::uint64_t sector = 0; sector < 6; ++sector) {
        CAPTURE(sector);
        const Bytes disk = bytes_of_volume({.uuid = made_uuid("a"), .label_sector = sector});
        const auto label = lvm::read_label(named(std::make_shared<ChangedDisk>(disk), "a.raw"));
        REQUIRE(label.has_value() == (sector < 4));
        if (label) CHECK(label->sector == sector);
    }
}

TEST_CASE("lvm label: a damaged label does not hide a good one after it", "[lvm][label]") {
    Bytes disk = bytes_of_volume({.uuid = made_uuid("good"), .label_sector = 2});
    const Bytes damaged = bytes_of_volume({.uuid = made_uuid("bad"), .label_sector = 1});
    std::copy_n(damaged.begin() + 512, 500, disk.begin() + 512);
    disk[600] ^= std::byte{1};
    const auto label = lvm::read_label(named(std::make_shared<ChangedDisk>(disk), "a.raw"));
    REQUIRE(label);
    CHECK(label->uuid == made_uuid("good"));
}

TEST_CASE("lvm label: a wrong field is reported with place, field, expected and found", "[lvm][label]") {
    CHECK_THAT(
        label_refusal([](ByteSpan label) { label[8] = std::byte{2}; }),
        ContainsSubstring("'a.raw' at byte 512: LVM label at byte 16: the label's sector number is 2, expected 1"));
    CHECK_THAT(label_refusal([](ByteSpan label) { label[24] = std::byte{'X'}; }),
               ContainsSubstring("the label's type is 'XVM2 001', expected 'LVM2 001'"));
    CHECK_THAT(label_refusal([](ByteSpan label) { label[20] = std::byte{31}; }),
               ContainsSubstring("the PV header's offset is 31, expected 32 to 511"));
    CHECK_THAT(label_refusal([](ByteSpan label) { std::fill(label.begin() + 72, label.end(), std::byte{1}); }),
               ContainsSubstring("expected 8 more bytes, found"));
    CHECK_THAT(label_refusal([](ByteSpan label) { std::fill_n(label.begin() + 72, 16, std::byte{0xff}); }),
               ContainsSubstring("an area ends beyond any disk"));
    Bytes disk = bytes_of_volume({.uuid = made_uuid("a")});
    disk[600] ^= std::byte{1};
    CHECK_THAT(refusal([&] { lvm::read_label(named(std::make_shared<ChangedDisk>(disk), "a.raw")); }),
               ContainsSubstring("LVM label at byte 20: the checksum of the sector is 0x"));
}

TEST_CASE("lvm label: a label without the extension is read", "[lvm][label]") {
    Bytes disk = bytes_of_volume({.uuid = made_uuid("a"), .areas = {{}}});
    std::fill_n(disk.begin() + 512 + 32 + 40 + 32 + 32, 8, std::byte{0});
    seal_label(disk, 1);
    const auto label = lvm::read_label(named(std::make_shared<ChangedDisk>(disk), "a.raw"));
    REQUIRE(label);
    CHECK(label->extension_version == 0);
    CHECK_FALSE(label->is_in_use());
    CHECK(label->metadata_areas == std::vector{range(4096, 16384)});
}

TEST_CASE("lvm label: a disk that ends anywhere in the label has none, or is refused", "[lvm][label]") {
    const auto whole = fixture_disk("linear", 4);
    for (std::uint64_t size = 0; size <= 2100; ++size) {
        ChangedDisk disk(whole);
        disk.cut(size);
        const auto label = lvm::read_label(named(std::make_shared<ChangedDisk>(disk), "p4.raw"));
        CHECK(label.has_value() == (size >= 2048));
    }
}

TEST_CASE("lvm label: every flipped bit in its sector is detected", "[lvm][label]") {
    const auto whole = fixture_disk("linear", 0);
    unsigned refused = 0;
    for (std::uint64_t bit = 512 * 8; bit < 1024 * 8; ++bit) {
        auto disk = std::make_shared<ChangedDisk>(whole);
        disk->flip(bit);
        std::optional<lvm::Label> label;
        const std::string message = refusal([&] { label = lvm::read_label(named(disk, "p0.raw")); });
        CHECK_FALSE(label);
        if (message.empty()) continue;
        CHECK(message.starts_with("'p0.raw' at byte 512: LVM label at byte "));
        ++refused;
    }
    CHECK(refused == (512 - 8) * 8);  // in the first 8 bytes it no longer claims to be a label
}

}  // namespace varve::lvm_test
