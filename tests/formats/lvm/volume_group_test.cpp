// Volume groups from metadata texts: those of the fixtures compared with vgcfgbackup and lvs, and texts that contradict
// themselves.

#include "formats/lvm/volume_group_parser.h"

#include <fstream>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "formats/lvm/metadata_area.h"
#include "tests/catch.h"
#include "tests/formats/lvm/fixture.h"
#include "tests/formats/lvm/host_disks.h"

namespace varve::lvm_test {
namespace {

using namespace lvm;

VolumeGroup group_on(const std::string& name, int index) {
    const std::uint64_t partition = name == "linear" && index == 5 ? 9437184 : 0;
    const auto disk = fixture_disk(name, index);
    const auto area = std::make_shared<ChangedDisk>(disk);
    if (partition != 0) {
        Bytes bytes(2 << 20);
        disk->read(ByteOffset{partition}, bytes);
        return parse_volume_group(
            read_metadata_text(named(std::make_shared<ChangedDisk>(bytes), "p"), {ByteOffset{4096}, ByteCount{}})->text,
            "text");
    }
    const auto text = read_metadata_text(named(area, "p"), {ByteOffset{4096}, ByteCount{}});
    REQUIRE(text);
    return parse_volume_group(text->text, "text");
}

VolumeGroup backup_of(const std::string& file) {
    std::ifstream in(fixture("") / file);
    REQUIRE(in);
    return parse_volume_group(std::string(std::istreambuf_iterator<char>(in), {}), file);
}

const Segment& only_segment(const VolumeGroup& group, const std::string& volume) {
    const LogicalVolume* found = group.find_volume(volume);
    REQUIRE(found != nullptr);
    REQUIRE(found->segments.size() == 1);
    return found->segments[0];
}

template <typename T>
T only(const VolumeGroup& group, const std::string& volume) {
    const Segment& segment = only_segment(group, volume);
    REQUIRE(std::holds_alternative<T>(segment.what));
    return std::get<T>(segment.what);
}

/// A snapshot is as large as its origin was, whatever the size of its store, whose name it has.
ByteCount shown_size(const VolumeGroup& group, const LogicalVolume& volume) {
    for (const LogicalVolume& other : group.volumes) {
        const auto* snapshot = std::get_if<SnapshotSegment>(&other.segments[0].what);
        if (snapshot != nullptr && snapshot->store == volume.name) return other.size;
    }
    return volume.size;
}

constexpr std::string_view sample = R"(vg {
id = "vg-id"
seqno = 7
status = ["RESIZEABLE", "READ", "WRITE"]
flags = ["NOT_KNOWN"]
extent_size = 8
future { x = [1, "y"] }
physical_volumes {
pv0 {
id = "pv0-id"
status = ["ALLOCATABLE"]
flags = []
pe_start = 2048
pe_count = 100
}
}
logical_volumes {
lv {
id = "lv-id"
status = ["READ", "WRITE", "VISIBLE"]
flags = []
creation_time = 5
segment_count = 2
segment1 {
start_extent = 0
extent_count = 4
type = "striped"
stripe_count = 1
stripes = ["pv0", 3]
}
segment2 {
start_extent = 4
extent_count = 6
type = "striped"
stripe_count = 2
stripe_size = 8
stripes = ["pv0", 10, "pv0", 20]
}
}
}
}
contents = "Text Format Volume Group"
version = 1
description = ""
)";

/// The sample with `from`, which must occur in it, replaced by `to`.
std::string sample_with(std::string_view from, std::string_view to) {
    std::string text(sample);
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

std::string sample_refusal(std::string_view from, std::string_view to) {
    return refusal([&] { parse_volume_group(sample_with(from, to), "text on 'a.raw'"); });
}

/// The only segment of a volume, with that body.
Segment segment_of(const std::string& body) {
    std::string text = sample_with("segment_count = 2", "segment_count = 1");
    const std::size_t begin = text.find("segment1 {");
    text.replace(begin, text.find("contents") - begin,
                 "segment1 {\nstart_extent = 0\nextent_count = 4\n" + body + "}\n}\n}\n}\n");
    return parse_volume_group(text, "text").volumes.at(0).segments.at(0);
}

}  // namespace

TEST_CASE("lvm volume group: the text on each disk means the same as the file from vgcfgbackup",
          "[lvm][volume-group]") {
    for (const auto& [name, index, file] :
         {std::tuple("linear", 0, "linear/out.truth/state.active/vgcfg.vg-lin.a.txt"),
          std::tuple("linear", 1, "linear/out.truth/state.active/vgcfg.vg_stripes.txt"),
          std::tuple("linear", 4, "linear/out.truth/state.active/vgcfg.vg3.txt"),
          std::tuple("linear", 5, "linear/out.truth/state.active/vgcfg.vgpart.txt"),
          std::tuple("snap", 0, "snap/out.truth/state.before/vgcfg.vgs.txt"),
          std::tuple("snap", 1, "snap/out.truth/state.before/vgcfg.vgs.txt"),
          std::tuple("thin", 0, "thin/out.truth/state.before/vgcfg.vgt.txt"),
          std::tuple("thin", 1, "thin/out.truth/state.before/vgcfg.vgt.txt"),
          std::tuple("exotic", 0, "exotic/out.truth/state.active/vgcfg.vgx.txt"),
          std::tuple("exotic", 1, "exotic/out.truth/state.active/vgcfg.vgx.txt"),
          std::tuple("exotic", 2, "exotic/out.truth/state.active/vgcfg.vgx.txt"),
          std::tuple("exotic", 3, "exotic/out.truth/state.active/vgcfg.vgexp.txt")}) {
        CAPTURE(name, index);
        const VolumeGroup group = group_on(name, index);
        CHECK(group == backup_of(file));
        CHECK(std::string(file).find("vgcfg." + group.name + ".txt") != std::string::npos);
        CHECK(group.is_exported() == (group.name == "vgexp"));
        CHECK_FALSE(group.lock_type);
    }
}

TEST_CASE("lvm volume group: sizes and segment types are those of the manifests", "[lvm][volume-group]") {
    unsigned volumes = 0;
    for (const auto& [name, disks] : {std::pair("linear", std::set{0, 1, 4, 5}), std::pair("snap", std::set{0}),
                                      std::pair("thin", std::set{0}), std::pair("exotic", std::set{0, 3})}) {
        for (const int disk : disks) {
            const VolumeGroup group = group_on(name, disk);
            for (const auto& row : fixture_table(name, "MANIFEST.tsv")) {
                if (row.at(0) != group.name) continue;
                CAPTURE(row);
                const LogicalVolume* volume = group.find_volume(row.at(1));
                REQUIRE(volume != nullptr);
                std::set<std::string> types;
                for (const Segment& segment : volume->segments) types.insert(segment.type);
                if (row.at(2) == "striped" || row.at(2) == "thin" || row.at(2) == "error" || row.at(2) == "zero" ||
                    row.at(2) == "raid1" || row.at(2) == "cache")
                    CHECK(types == std::set{row.at(2)});
                CHECK(std::to_string(shown_size(group, *volume).value) == row.at(4));
                ++volumes;
            }
        }
    }
    CHECK(volumes > 40);
}

TEST_CASE("lvm volume group: the values of the fixtures' groups", "[lvm][volume-group]") {
    const VolumeGroup stripes = group_on("linear", 1);
    CHECK(stripes.seqno == 72);
    CHECK(stripes.extent_size == mib(1));
    REQUIRE(stripes.physical_volumes.size() == 3);
    CHECK(only<StripedSegment>(stripes, "st3") == StripedSegment{kib(64), {{"pv0", 6}, {"pv1", 6}, {"pv2", 0}}});
    const LogicalVolume* mixed = stripes.find_volume("st2mix");
    REQUIRE(mixed != nullptr);
    REQUIRE(mixed->segments.size() == 3);
    CHECK(mixed->segments[1].begin == 6);
    CHECK(std::get<StripedSegment>(mixed->segments[1].what) == StripedSegment{{}, {{"pv2", 4}}});
    const VolumeGroup third = group_on("linear", 4);
    REQUIRE(third.find_physical_volume("pv0") != nullptr);
    CHECK(*third.find_physical_volume("pv0") ==
          PhysicalVolumeEntry{"pv0", "ZDq6Uh-rpYG-whGf-085D-rmya-wrgZ-oGqzvS", ByteOffset{1314304}, 181, false});
    CHECK(third.find_volume("lvtag") == nullptr);
    CHECK(std::holds_alternative<ZeroSegment>(only_segment(third, "lvzero").what));
    CHECK(std::holds_alternative<ErrorSegment>(only_segment(third, "lverror").what));
}

TEST_CASE("lvm volume group: snapshots, pools and thin volumes have their keys", "[lvm][volume-group]") {
    const VolumeGroup thin = group_on("thin", 0);
    CHECK(only<ThinPoolSegment>(thin, "pool") == ThinPoolSegment{"pool_tmeta", "pool_tdata", 20, kib(64), true, false});
    CHECK(only<ThinPoolSegment>(thin, "pool2") ==
          ThinPoolSegment{"pool2_tmeta", "pool2_tdata", 3, kib(192), false, false});
    CHECK(only<ThinSegment>(thin, "ext1").external_origin == "base");
    CHECK(only<ThinSegment>(thin, "vm7_s").merges_into == "vm7");
    CHECK_FALSE(thin.find_volume("vm7_s")->is_visible());
    CHECK(only<ThinSegment>(thin, "vm1_t0").origin == "vm1");
    const VolumeGroup snap = group_on("snap", 0);
    std::set<std::string> merging, kept;
    for (const LogicalVolume& volume : snap.volumes) {
        const auto* snapshot = std::get_if<SnapshotSegment>(&volume.segments[0].what);
        if (snapshot != nullptr) (snapshot->is_merging ? merging : kept).insert(snapshot->store);
    }
    CHECK(merging.size() == 1);
    CHECK(kept.contains("s4k_t0"));
    CHECK(kept.contains("sover"));
}

TEST_CASE("lvm volume group: segments of other kinds keep type and flags, and the group loads", "[lvm][volume-group]") {
    const VolumeGroup group = group_on("exotic", 0);
    for (const auto& [volume, type] :
         {std::pair("r1", "raid1"), std::pair("r5", "raid5"), std::pair("mir", "mirror"), std::pair("cdat", "cache"),
          std::pair("wdat", "writecache"), std::pair("rint_rimage_0", "integrity")}) {
        const Segment& segment = only_segment(group, volume);
        CHECK(segment.type == type);
        CHECK(std::holds_alternative<OtherSegment>(segment.what));
    }
    const Segment& pool = only_segment(group, "cpool_cpool");
    CHECK(pool.type == "cache-pool");
    CHECK(pool.flags == std::vector<std::string>{"METADATA_FORMAT"});
    CHECK(only<StripedSegment>(group, "plain").legs.size() == 1);
}

TEST_CASE("lvm volume group: flags are split off a type, and unknown flags make it another kind",
          "[lvm][volume-group]") {
    const std::string stripes = "stripe_count = 1\nstripes = [\"pv0\", 0]\n";
    const Segment flagged = segment_of("type = \"striped+A+B\"\n" + stripes);
    CHECK(flagged.type == "striped");
    CHECK(flagged.flags == std::vector<std::string>{"A", "B"});
    CHECK(std::holds_alternative<OtherSegment>(flagged.what));
    const std::string pool = "metadata = \"m\"\npool = \"d\"\ntransaction_id = 1\nchunk_size = 128\n";
    CHECK(std::get<ThinPoolSegment>(segment_of("type = \"thin-pool+CROP_METADATA\"\n" + pool).what).data == "d");
    CHECK(
        std::get<ThinPoolSegment>(segment_of("type = \"thin-pool\"\n" + pool + "message1 {\ncreate = \"x\"\n}\n").what)
            .has_messages);
}

TEST_CASE("lvm volume group: unknown keys, sections and flags are skipped", "[lvm][volume-group]") {
    const VolumeGroup group = parse_volume_group(sample, "text");
    CHECK(group.uuid == "vg-id");
    CHECK(group.volumes.at(0).size == kib(40));
    CHECK(group.volumes.at(0).creation_time == 5);
    CHECK(group.volumes.at(0).segments.at(1).what ==
          decltype(Segment::what)(StripedSegment{kib(4), {{"pv0", 10}, {"pv0", 20}}}));
}

TEST_CASE("lvm volume group: a physical volume can be marked as missing by flags or by status", "[lvm][volume-group]") {
    for (const auto& [from, to] : {std::pair("flags = []", "flags = [\"MISSING\"]"),
                                   std::pair("[\"ALLOCATABLE\"]", "[\"ALLOCATABLE\", \"MISSING\"]")})
        CHECK(parse_volume_group(sample_with(from, to), "text").physical_volumes.at(0).is_marked_missing);
    CHECK_FALSE(parse_volume_group(sample, "text").physical_volumes.at(0).is_marked_missing);
}

TEST_CASE("lvm volume group: a text that contradicts itself is refused with line and key", "[lvm][volume-group]") {
    CHECK(sample_refusal("seqno = 7\n", "") == "text on 'a.raw', line 1: in 'vg', 'seqno' is missing");
    CHECK(sample_refusal("seqno = 7", "seqno = \"7\"") ==
          "text on 'a.raw', line 3: in 'vg', 'seqno': expected a number from 0 to 9223372036854775807, found \"7\"");
    CHECK_THAT(sample_refusal("Text Format", "Other"),
               ContainsSubstring("expected \"Text Format Volume Group\", found \"Other"));
    CHECK_THAT(sample_refusal("version = 1\n", ""), ContainsSubstring("'version' is missing"));
    CHECK_THAT(sample_refusal("version = 1", "version = 2"), ContainsSubstring("only version 1 is read"));
    CHECK_THAT(sample_refusal("description = \"\"", "vg2 {\n}"), ContainsSubstring("expected one volume group"));
    CHECK_THAT(sample_refusal("\"READ\", \"WRITE\"]", "\"HALF_MADE\"]"),
               ContainsSubstring("has the unknown status 'HALF_MADE'"));
    CHECK_THAT(sample_refusal("extent_size = 8", "extent_size = 0"),
               ContainsSubstring("'extent_size': expected a number from 1"));
    CHECK_THAT(sample_refusal("extent_size = 8", "extent_size = 8\nformat = \"lvm1\""),
               ContainsSubstring("only lvm2 is read"));
    CHECK_THAT(sample_refusal("pe_count = 100", "pe_count = 9000000000000000"),
               ContainsSubstring("end beyond any device"));
    CHECK_THAT(sample_refusal("pe_start = 2048", "pe_start = 9000000000000000000"), ContainsSubstring("'pe_start'"));
    CHECK_THAT(sample_refusal("pv0 {", "lv = 1\npv0 {"),
               ContainsSubstring("in 'vg/physical_volumes', 'lv': expected a section, found 1"));
    CHECK_THAT(sample_refusal("start_extent = 4", "start_extent = 5"),
               ContainsSubstring("line 32: in 'vg/logical_volumes/lv/segment2', 'start_extent': expected 4, where the "
                                 "previous segment ends, found 5"));
    CHECK_THAT(sample_refusal("segment_count = 2", "segment_count = 3"),
               ContainsSubstring("expected 2, the number of segments"));
    CHECK_THAT(sample_refusal("extent_count = 6", "extent_count = 0"),
               ContainsSubstring("'extent_count': expected a number from 1"));
    CHECK_THAT(sample_refusal("extent_count = 6", "extent_count = 7"),
               ContainsSubstring("7 extents are not divisible by 2"));
    CHECK_THAT(sample_refusal("extent_count = 6", "extent_count = 9223372036854775806"),
               ContainsSubstring("stripes of 4096 bytes do not fill"));
    CHECK_THAT(sample_refusal("extent_count = 4", "extent_count = 9223372036854775806"),
               ContainsSubstring("larger than any device"));
    CHECK_THAT(sample_refusal("stripe_count = 2", "stripe_count = 3"),
               ContainsSubstring("expected 3 pairs of device and extent"));
    CHECK_THAT(sample_refusal("\"pv0\", 3]", "\"pv0\"]"), ContainsSubstring("found 1 values"));
    CHECK_THAT(sample_refusal("\"pv0\", 3]", "3, \"pv0\"]"), ContainsSubstring("are not a pair of device and extent"));
    CHECK_THAT(sample_refusal("\"pv0\", 3]", "\"pv0\", -3]"), ContainsSubstring("are not a pair of device and extent"));
    CHECK_THAT(sample_refusal("stripe_size = 8\n", ""), ContainsSubstring("'stripe_size' is missing"));
    CHECK_THAT(sample_refusal("stripe_size = 8", "stripe_size = 7"),
               ContainsSubstring("stripes of 3584 bytes do not fill"));
    CHECK_THAT(sample_refusal("[\"READ\", \"WRITE\", \"VISIBLE\"]", "[1]"),
               ContainsSubstring("expected a list of strings"));
}

TEST_CASE("lvm volume group: two volumes of a group with the same name or uuid are refused", "[lvm][volume-group]") {
    const std::string pv = "pv1 {\nid = \"pv0-id\"\npe_start = 0\npe_count = 1\n}\n";
    CHECK_THAT(sample_refusal("pv0 {", pv + "pv0 {"), ContainsSubstring("'pv1' and 'pv0' have the same id"));
    CHECK_THAT(sample_refusal("lv {", "lv {\n}\nlv {"), ContainsSubstring("duplicate 'lv'"));
}

TEST_CASE("lvm volume group: keys of segments are checked", "[lvm][volume-group]") {
    const auto refused = [](const std::string& body) { return refusal([&] { segment_of(body); }); };
    CHECK_THAT(refused("stripe_count = 1\n"), ContainsSubstring("'type' is missing"));
    CHECK_THAT(refused("type = \"snapshot\"\nchunk_size = 8\norigin = \"o\"\n"),
               ContainsSubstring("'cow_store' is missing"));
    CHECK_THAT(
        refused("type = \"snapshot\"\nchunk_size = 8\norigin = \"o\"\ncow_store = \"a\"\nmerging_store = \"b\"\n"),
        ContainsSubstring("found both"));
    CHECK_THAT(refused("type = \"thin\"\nthin_pool = \"p\"\ntransaction_id = 1\ndevice_id = 16777216\n"),
               ContainsSubstring("'device_id': expected a number from 0 to 16777215"));
    CHECK_THAT(refused("type = \"thin-pool\"\nmetadata = \"m\"\npool = \"d\"\ntransaction_id = -1\n"),
               ContainsSubstring("'transaction_id': expected a number from 0"));
}

TEST_CASE("lvm volume group: every truncation of a text is refused", "[lvm][volume-group]") {
    const std::size_t needed = sample.find("version = 1") + 11;
    for (std::size_t size = 0; size < needed; ++size) {
        const std::string message = refusal([&] { parse_volume_group(sample.substr(0, size), "text on 'a.raw'"); });
        CAPTURE(size);
        CHECK(message.starts_with("text on 'a.raw', line "));
    }
}

TEST_CASE("lvm volume group: a hundred thousand volumes are parsed and looked up quickly", "[lvm][volume-group]") {
    std::string text = "vg {\nid = \"g\"\nseqno = 1\nstatus = []\nextent_size = 8\nlogical_volumes {\n";
    constexpr int count = 100000;
    for (int i = 0; i < count; ++i)
        text += fmt::format(
            "lv{0} {{\nid = \"{0}\"\nstatus = []\nsegment_count = 1\nsegment1 {{\nstart_extent = 0\nextent_count = "
            "1\ntype = \"zero\"\n}}\n}}\n",
            i);
    text += "}\n}\ncontents = \"Text Format Volume Group\"\nversion = 1\n";
    const VolumeGroup group = parse_volume_group(text, "text");
    REQUIRE(group.volumes.size() == count);
    unsigned found = 0;
    for (const LogicalVolume& volume : group.volumes) found += group.find_volume(volume.name) == &volume ? 1u : 0u;
    CHECK(found == count);
    CHECK(group.find_volume("lv100000") == nullptr);
}

TEST_CASE("lvm volume group: a group made by hand is searched without an index", "[lvm][volume-group]") {
    VolumeGroup group;
    group.volumes.resize(2);
    group.volumes[0].name = "z";
    group.volumes[1].name = "a";
    CHECK(group.find_volume("z") == &group.volumes[0]);
    CHECK(group.find_volume("a") == &group.volumes[1]);
    CHECK(group.find_volume("b") == nullptr);
}

}  // namespace varve::lvm_test
