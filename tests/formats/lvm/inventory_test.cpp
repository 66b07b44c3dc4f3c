// Physical volumes on disks and in partitions, and the groups that they form: those of the fixtures, and generated ones
// for everything that can go wrong.

#include "formats/lvm/inventory.h"

#include <random>

#include <fmt/format.h>

#include "tests/catch.h"
#include "tests/formats/lvm/fixture.h"
#include "tests/formats/lvm/host_disks.h"

namespace varve::lvm_test {
namespace {

using namespace lvm;
using Catch::Matchers::Equals;

std::vector<PhysicalVolume> volumes_of(const std::string& name, const std::vector<int>& disks) {
    std::vector<PhysicalVolume> volumes;
    for (const int i : disks)
        for (PhysicalVolume& volume : find_physical_volumes(fixture_disk(name, i), fmt::format("p{}.raw", i)))
            volumes.push_back(std::move(volume));
    return volumes;
}

std::vector<std::string> names(const Inventory& inventory) {
    std::vector<std::string> out;
    for (const FoundGroup& group : inventory.groups) out.push_back(group.group.name);
    return out;
}

/// Paths of a group's volumes, "-" for missing ones.
std::vector<std::string> paths(const FoundGroup& group) {
    std::vector<std::string> out;
    for (const auto& volume : group.volumes) out.push_back(volume ? volume->place() : "-");
    return out;
}

struct MadeGroup {
    std::string name = "vg";
    std::string uuid = "vg-id";
    std::uint64_t seqno = 1;
    std::vector<std::string> volumes;  ///< made_uuid() of them
    std::string status = "\"READ\"";
    std::string volume_keys = {};
};

std::string text_of_group(const MadeGroup& group) {
    std::string text =
        fmt::format("{} {{\nid = \"{}\"\nseqno = {}\nstatus = [{}]\nextent_size = 8\nphysical_volumes {{\n", group.name,
                    group.uuid, group.seqno, group.status);
    for (std::size_t i = 0; i < group.volumes.size(); ++i)
        text += fmt::format("pv{} {{\nid = \"{}\"\npe_start = 128\npe_count = 10\n{}}}\n", i,
                            made_uuid(group.volumes[i]), group.volume_keys);
    return text + "}\n}\ncontents = \"Text Format Volume Group\"\nversion = 1\n";
}

/// A disk with this name, with one metadata area for each text.
std::shared_ptr<ChangedDisk> disk_with(const std::string& name, const std::vector<std::string>& texts) {
    MadeVolume volume{.uuid = made_uuid(name), .size = 256 << 10};
    for (std::size_t i = 0; i < texts.size(); ++i)
        volume.areas.push_back({.begin = 4096 + i * 16384, .size = 16384, .text = texts[i]});
    return std::make_shared<ChangedDisk>(bytes_of_volume(volume));
}

std::vector<PhysicalVolume> made(const std::vector<std::pair<std::string, std::shared_ptr<ChangedDisk>>>& disks) {
    std::vector<PhysicalVolume> volumes;
    for (const auto& [name, disk] : disks) volumes.push_back(find_physical_volumes(disk, name + ".raw").at(0));
    return volumes;
}

std::string disk_refusal(const std::shared_ptr<const ImageReader>& disk) {
    return refusal([&] { find_physical_volumes(disk, "d.raw"); });
}

std::shared_ptr<ChangedDisk> disk_that_begins(std::string_view head, std::uint64_t at = 0) {
    auto disk = std::make_shared<ChangedDisk>(std::uint64_t{1} << 20);
    disk->set(at, bytes_of(head));
    return disk;
}

/// An MBR whose first partition is [64 KiB, 128 KiB).
void set_mbr(ChangedDisk& disk) {
    const std::array<std::uint8_t, 16> entry{0, 0, 0, 0, 0x8e, 0, 0, 0, 128, 0, 0, 0, 128, 0, 0, 0};
    disk.set(446, std::as_bytes(std::span(entry)));
    disk.set(510, bytes_of("\x55\xaa"));
}

}  // namespace

TEST_CASE("lvm physical volume: a whole disk, and a partition of one", "[lvm][inventory]") {
    const auto whole = find_physical_volumes(fixture_disk("linear", 4), "p4.raw");
    REQUIRE(whole.size() == 1);
    CHECK(whole[0].uuid == "ZDq6Uh-rpYG-whGf-085D-rmya-wrgZ-oGqzvS");
    CHECK(whole[0].label.sector == 3);
    CHECK_FALSE(whole[0].partition);
    CHECK(whole[0].device->place(ByteOffset{4096}) == "'p4.raw' at byte 4096");
    const auto parts = find_physical_volumes(fixture_disk("linear", 5), "p5.raw");
    REQUIRE(parts.size() == 1);
    CHECK(parts[0].uuid == "9YU1H3-eT18-myaA-dzFa-7FQc-qhUE-fJrFYN");
    CHECK(parts[0].partition == 2u);
    CHECK(parts[0].device->size() == ByteCount{56623104});
    CHECK(parts[0].device->place(ByteOffset{4096}) == "'p5.raw' (partition 2) at byte 9441280");
    CHECK(parts[0].path == "p5.raw");
}

TEST_CASE("lvm physical volume: each kind of disk without one has its own message", "[lvm][inventory]") {
    CHECK_THAT(disk_refusal(disk_that_begins("LUKS\xba\xbe")), ContainsSubstring("'d.raw' is encrypted with LUKS"));
    CHECK_THAT(disk_refusal(disk_that_begins({"HM\x01\0", 4})),
               ContainsSubstring("'d.raw' is a physical volume of LVM1"));
    CHECK_THAT(disk_refusal(disk_that_begins({"HM\x02\0", 4})),
               ContainsSubstring("'d.raw' is a physical volume of LVM1"));
    CHECK_THAT(disk_refusal(disk_that_begins({"HM\x03\0", 4})),
               ContainsSubstring("no LVM label in its first four sectors, and no"));
    CHECK_THAT(disk_refusal(disk_that_begins("")), ContainsSubstring("is not a physical volume"));
    CHECK_THAT(disk_refusal(std::make_shared<ChangedDisk>(std::uint64_t{0})),
               ContainsSubstring("is not a physical volume"));
    const auto partitioned = disk_that_begins("");
    set_mbr(*partitioned);
    CHECK_THAT(disk_refusal(partitioned),
               Equals("'d.raw' does not hold a physical volume: its one partition has no LVM label"));
    partitioned->set(65536, bytes_of("LUKS\xba\xbe"));
    CHECK_THAT(disk_refusal(partitioned), ContainsSubstring("'d.raw' (partition 1) is encrypted with LUKS"));
    const auto code = [](const std::shared_ptr<const ImageReader>& disk) {
        return refusal_code([&] { find_physical_volumes(disk, "d.raw"); });
    };
    CHECK(code(disk_that_begins("LUKS\xba\xbe")) == ErrorCode::unsupported);
    CHECK(code(disk_that_begins("")) == ErrorCode::not_found);
    CHECK(code(disk_that_begins("LABELONE", 512)) == ErrorCode::corrupt);
    CHECK_THAT(disk_refusal(disk_that_begins("LABELONE", 512)), ContainsSubstring("'d.raw' at byte 512: LVM label"));
}

TEST_CASE("lvm physical volume: a damaged label next to a good one is reported", "[lvm][inventory]") {
    auto disk = disk_that_begins("");
    set_mbr(*disk);
    disk->set(1536, bytes_of("LABELONE"));
    disk->set(65536, bytes_of_volume({.uuid = made_uuid("a"), .size = 65536}));
    const auto found = find_physical_volumes(disk, "d.raw");
    REQUIRE(found.size() == 1);
    CHECK(found[0].place() == "'d.raw' (partition 1)");
    REQUIRE(found[0].warnings.size() == 1);
    CHECK_THAT(found[0].warnings[0], ContainsSubstring("'d.raw' at byte 1536: LVM label"));
    CHECK(take_inventory(found).warnings.size() == 2);  // the other one: its group is missing
}

TEST_CASE("lvm inventory: the groups of all fixtures are complete and without warnings", "[lvm][inventory]") {
    const Inventory linear = take_inventory(volumes_of("linear", {5, 4, 3, 2, 1, 0}));
    CHECK(names(linear) == std::vector<std::string>{"vg-lin.a", "vg3", "vg_stripes", "vgpart"});
    CHECK(paths(linear.groups[2]) == std::vector<std::string>{"'p1.raw'", "'p2.raw'", "'p3.raw'"});
    CHECK(paths(linear.groups[3]) == std::vector<std::string>{"'p5.raw' (partition 2)"});
    for (const FoundGroup& group : linear.groups) {
        CHECK(group.is_complete());
        CHECK(group.warnings.empty());
    }
    CHECK(linear.orphans.empty());
    CHECK(linear.warnings.empty());
    CHECK(names(take_inventory(volumes_of("snap", {0, 1}))) == std::vector<std::string>{"vgs"});
    CHECK(names(take_inventory(volumes_of("thin", {0, 1}))) == std::vector<std::string>{"vgt"});
}

TEST_CASE("lvm inventory: an exported group is found, with a warning", "[lvm][inventory]") {
    const Inventory exotic = take_inventory(volumes_of("exotic", {0, 1, 2, 3}));
    REQUIRE(names(exotic) == std::vector<std::string>{"vgexp", "vgx"});
    CHECK(exotic.groups[0].warnings ==
          std::vector<std::string>{"volume group 'vgexp' is exported: LVM does not activate it, but varve reads it"});
    CHECK(exotic.groups[1].warnings.empty());
}

TEST_CASE("lvm inventory: a missing physical volume is named, and the others are found", "[lvm][inventory]") {
    const Inventory exotic = take_inventory(volumes_of("exotic", {0, 1}));
    REQUIRE(names(exotic) == std::vector<std::string>{"vgx"});
    CHECK(paths(exotic.groups[0]) == std::vector<std::string>{"'p0.raw'", "'p1.raw'", "-"});
    CHECK_FALSE(exotic.groups[0].is_complete());
    CHECK(exotic.groups[0].warnings ==
          std::vector<std::string>{
              "physical volume 'pv2' (0X4arU-rJaM-FqMb-1Abn-0hey-I0Nm-K8OpYY) of volume group 'vgx' is missing"});
}

TEST_CASE("lvm inventory: physical volumes of a group whose metadata is elsewhere are orphans, with a warning",
          "[lvm][inventory]") {
    const Inventory linear = take_inventory(volumes_of("linear", {0, 2, 3}));
    CHECK(names(linear) == std::vector<std::string>{"vg-lin.a"});
    CHECK(linear.orphans.size() == 2);
    REQUIRE(linear.warnings.size() == 2);
    CHECK_THAT(linear.warnings[0], ContainsSubstring("'p2.raw' is marked as used by a volume group, but no metadata"));
    CHECK(take_inventory({}).groups.empty());
}

TEST_CASE("lvm inventory: the highest seqno of a group wins, whatever its name", "[lvm][inventory]") {
    const auto a = disk_with("a", {text_of_group({.name = "old", .seqno = 8, .volumes = {"a", "b"}})});
    const auto b = disk_with("b", {text_of_group({.name = "new", .seqno = 9, .volumes = {"a", "b"}})});
    for (const auto& disks : {made({{"a", a}, {"b", b}}), made({{"b", b}, {"a", a}})}) {
        const Inventory found = take_inventory(disks);
        REQUIRE(names(found) == std::vector<std::string>{"new"});
        CHECK(found.groups[0].is_complete());
        REQUIRE(found.groups[0].warnings.size() == 1);
        CHECK_THAT(found.groups[0].warnings[0],
                   ContainsSubstring("'a.raw' has metadata of volume group 'new' with seqno 8, the newest has 9"));
    }
}

TEST_CASE("lvm inventory: a physical volume that a newer text no longer lists is an orphan", "[lvm][inventory]") {
    const auto a = disk_with("a", {text_of_group({.seqno = 8, .volumes = {"a", "b"}})});
    const auto b = disk_with("b", {text_of_group({.seqno = 9, .volumes = {"b"}})});
    const Inventory found = take_inventory(made({{"a", a}, {"b", b}}));
    REQUIRE(found.groups.size() == 1);
    CHECK(paths(found.groups[0]) == std::vector<std::string>{"'b.raw'"});
    REQUIRE(found.orphans.size() == 1);
    CHECK(found.orphans[0].path == "a.raw");
}

TEST_CASE("lvm inventory: different texts with one seqno are refused, or reported if there are other groups",
          "[lvm][inventory]") {
    const auto a = disk_with("a", {text_of_group({.seqno = 8, .volumes = {"a", "b"}})});
    const auto b = disk_with("b", {text_of_group({.seqno = 8, .volumes = {"b"}})});
    const auto call = [&] { take_inventory(made({{"a", a}, {"b", b}})); };
    CHECK(refusal_code(call) == ErrorCode::refused);
    CHECK_THAT(refusal(call), ContainsSubstring("differ, although both have seqno 8"));
    const auto c = disk_with("c", {text_of_group({.name = "c", .uuid = "c-id", .volumes = {"c"}})});
    const Inventory found = take_inventory(made({{"a", a}, {"b", b}, {"c", c}}));
    CHECK(names(found) == std::vector<std::string>{"c"});
    REQUIRE(found.warnings.size() == 1);
    CHECK_THAT(found.warnings[0], ContainsSubstring("differ, although both have seqno 8"));
    CHECK(found.orphans.empty());
}

TEST_CASE("lvm inventory: two groups with the same name but different uuids are both found", "[lvm][inventory]") {
    const auto a = disk_with("a", {text_of_group({.uuid = "2", .volumes = {"a"}})});
    const auto b = disk_with("b", {text_of_group({.uuid = "1", .volumes = {"b"}})});
    const Inventory found = take_inventory(made({{"a", a}, {"b", b}}));
    REQUIRE(names(found) == std::vector<std::string>{"vg", "vg"});
    CHECK(found.groups[0].group.uuid == "1");
    CHECK(paths(found.groups[1]) == std::vector<std::string>{"'a.raw'"});
}

TEST_CASE("lvm inventory: two disks with the same physical volume are refused, and both are named",
          "[lvm][inventory]") {
    auto volumes = volumes_of("linear", {0});
    for (auto& copy : find_physical_volumes(fixture_disk("linear", 0), "copy.raw")) volumes.push_back(copy);
    const auto call = [&] { take_inventory(volumes); };
    CHECK(refusal_code(call) == ErrorCode::refused);
    CHECK_THAT(refusal(call),
               ContainsSubstring("'p0.raw' and 'copy.raw' have the same physical volume uuid, reKQmS-gPVp"));
}

TEST_CASE("lvm inventory: a damaged area is a warning if there is a good one, and an error otherwise",
          "[lvm][inventory]") {
    const std::string text = text_of_group({.volumes = {"a", "b"}});
    const auto a = disk_with("a", {text, text});
    const auto b = disk_with("b", {});
    a->flip((4096 + 600) * 8);
    const Inventory found = take_inventory(made({{"a", a}, {"b", b}}));
    REQUIRE(found.groups.size() == 1);
    CHECK(found.groups[0].is_complete());
    REQUIRE(found.groups[0].warnings.size() == 1);
    CHECK_THAT(found.groups[0].warnings[0], ContainsSubstring("'a.raw' at byte 4608: LVM metadata text: the checksum"));
    a->flip((4096 + 16384 + 600) * 8);
    const auto call = [&] { take_inventory(made({{"a", a}, {"b", b}})); };
    CHECK(refusal_code(call) == ErrorCode::corrupt);
    CHECK_THAT(refusal(call), ContainsSubstring("'a.raw' at byte 4608: LVM metadata text: the checksum"));
}

TEST_CASE("lvm inventory: a group that can't be read does not hide another", "[lvm][inventory]") {
    const auto a = disk_with("a", {text_of_group({.volumes = {"a"}, .status = "\"NEW_KIND\""})});
    const auto b = disk_with("b", {text_of_group({.name = "b", .uuid = "b-id", .volumes = {"b"}})});
    const Inventory found = take_inventory(made({{"a", a}, {"b", b}}));
    CHECK(names(found) == std::vector<std::string>{"b"});
    REQUIRE(found.warnings.size() == 1);
    CHECK_THAT(found.warnings[0], ContainsSubstring("metadata text on 'a.raw' at byte 4608: volume group 'vg' has the "
                                                    "unknown status 'NEW_KIND'"));
    CHECK(found.orphans.empty());
    CHECK(refusal_code([&] { take_inventory(made({{"a", a}})); }) == ErrorCode::unsupported);
}

TEST_CASE("lvm inventory: a physical volume listed by two groups belongs to the one whose text it holds",
          "[lvm][inventory]") {
    const auto a = disk_with("a", {text_of_group({.name = "one", .uuid = "1", .volumes = {"a", "b", "c"}})});
    const auto b = disk_with("b", {text_of_group({.name = "two", .uuid = "2", .volumes = {"b", "c"}})});
    const auto c = disk_with("c", {});
    const Inventory found = take_inventory(made({{"a", a}, {"b", b}, {"c", c}}));
    REQUIRE(names(found) == std::vector<std::string>{"one", "two"});
    CHECK(paths(found.groups[0]) == std::vector<std::string>{"'a.raw'", "-", "-"});
    CHECK(paths(found.groups[1]) == std::vector<std::string>{"'b.raw'", "-"});
    REQUIRE(found.groups[1].warnings.size() == 1);
    CHECK_THAT(found.groups[1].warnings[0], ContainsSubstring("is 'c.raw', but another volume group lists it too"));
    CHECK(found.orphans.empty());
}

TEST_CASE("lvm inventory: a physical volume marked as missing that exists, and one that is too short, are reported",
          "[lvm][inventory]") {
    const auto a = disk_with("a", {text_of_group({.volumes = {"a"}, .volume_keys = "flags = [\"MISSING\"]\n"})});
    const Inventory back = take_inventory(made({{"a", a}}));
    REQUIRE(back.groups.size() == 1);
    CHECK(back.groups[0].is_complete());
    REQUIRE(back.groups[0].warnings.size() == 1);
    CHECK_THAT(back.groups[0].warnings[0], ContainsSubstring("is marked as missing, but was found: 'a.raw'"));
    const auto b = disk_with("b", {text_of_group({.volumes = {"b"}})});
    b->cut(65536 + 40960);
    CHECK(take_inventory(made({{"b", b}})).groups[0].warnings.empty());
    b->cut(65536 + 40960 - 1);
    REQUIRE(take_inventory(made({{"b", b}})).groups[0].warnings.size() == 1);
    CHECK_THAT(take_inventory(made({{"b", b}})).groups[0].warnings[0],
               ContainsSubstring("ends at byte 106496, but 'b.raw' has only 106495 bytes"));
}

TEST_CASE("lvm inventory: flipped bits in the metadata of a fixture are refused with a place, or are harmless",
          "[lvm][inventory]") {
    constexpr std::uint64_t seed = 20261122;
    WARN("seed " << seed);
    std::mt19937_64 random(seed);
    const VolumeGroup good = take_inventory(volumes_of("linear", {0})).groups.at(0).group;
    unsigned refused = 0;
    for (int round = 0; round < 2000; ++round) {
        auto disk = std::make_shared<ChangedDisk>(fixture_disk("linear", 0));
        const std::uint64_t byte = round % 2 == 0 ? random() % 8192 : 18432 + random() % 2138;
        disk->flip(byte * 8 + random() % 8);
        std::optional<Inventory> found;
        const std::string words = refusal([&] { found = take_inventory(find_physical_volumes(disk, "p0.raw")); });
        CAPTURE(round, byte, words);
        CHECK(found.has_value() != words.starts_with("'p0.raw'"));
        if (found) CHECK(found->groups.at(0).group == good);
        refused += found ? 0u : 1u;
    }
    CHECK(refused > 1000);
}

}  // namespace varve::lvm_test
