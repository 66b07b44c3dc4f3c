// Volumes of a group that this host, or another one, is using; pools and physical volumes that contradict the metadata;
// and the effects of a change of the metadata during a backup.

#include <sys/utsname.h>
#include <set>

#include <fmt/format.h>

#include "engine/base/hex.h"
#include "formats/lvm/logical_disk.h"
#include "formats/lvm/volume_list.h"
#include "tests/catch.h"
#include "tests/formats/lvm/fixture.h"
#include "tests/formats/lvm/fixture_copy.h"
#include "tests/formats/lvm/thin/thin_support.h"
#include "tests/support/reader_support.h"

namespace varve::lvm_test {
namespace {

using reader_test::digest_of;
using reader_test::refusal_of;
using reader_test::ScratchFolder;
using reader_test::write_file;
using thin::BlockKind;
using thin::BlockNumber;

constexpr std::size_t metadata_block = thin::metadata_block_bytes;
constexpr BlockNumber held_copy = 1000;  // the last blocks of the metadata volume are blank
constexpr BlockNumber main_copy = 1001;

/// The metadata volume of "pool" in the thin fixture: two segments on p0.
class PoolMetadata {
public:
    explicit PoolMetadata(FixtureCopy& copy) : disk_(copy.disk(0)) {}

    Bytes block(BlockNumber number) const {
        Bytes bytes(metadata_block);
        disk_.read({offset(number)}, bytes);
        return bytes;
    }
    /// Sets its own number and a valid checksum.
    void put(BlockNumber number, BlockKind kind, Bytes bytes) {
        store_le<std::uint64_t>(ByteSpan(bytes).subspan(8), number);
        store_le<std::uint32_t>(bytes, thin::block_checksum(bytes, kind));
        disk_.set(offset(number), bytes);
    }

private:
    static std::uint64_t offset(BlockNumber number) {
        constexpr BlockNumber in_first = 512;
        return number < in_first ? mib(75).value + number * metadata_block
                                 : mib(81).value + (number - in_first) * metadata_block;
    }
    ChangedDisk& disk_;
};

template <typename T>
T field(const Bytes& block, std::size_t at) {
    return load_le<T>(ByteView(block).subspan(at));
}
template <typename T>
void set(Bytes& block, std::size_t at, T value) {
    store_le<T>(ByteSpan(block).subspan(at), value);
}

/// Where in a leaf of `count_max` 8-byte values the value of `key` is.
std::size_t value_at(const Bytes& leaf, std::uint64_t key) {
    const auto count_max = field<std::uint32_t>(leaf, 20);
    for (std::size_t i = 0; i < field<std::uint32_t>(leaf, 16); ++i)
        if (field<std::uint64_t>(leaf, 32 + 8 * i) == key) return 32 + 8 * (count_max + i);
    FAIL("no key " << key);
    return 0;
}

/// Reserves a metadata snapshot like the kernel, and then makes device 2 (vm1_t0) the same as device 3 (vm1_t1), in the
/// main tree alone.
void reserve_and_go_on(FixtureCopy& copy) {
    PoolMetadata metadata(copy);
    REQUIRE(is_zero(metadata.block(held_copy)));
    REQUIRE(is_zero(metadata.block(main_copy)));
    Bytes main = metadata.block(0);
    Bytes held = main;
    set<std::uint64_t>(held, 56, 0);
    std::fill_n(held.begin() + 64, 256, std::byte{0});  // the space maps' roots
    metadata.put(held_copy, BlockKind::superblock, held);
    Bytes roots = metadata.block(field<std::uint64_t>(main, 320));
    set(roots, value_at(roots, 2), field<std::uint64_t>(roots, value_at(roots, 3)));
    metadata.put(main_copy, BlockKind::btree_node, roots);
    set(main, 56, held_copy);
    set(main, 320, main_copy);
    metadata.put(0, BlockKind::superblock, main);
}

/// A host on which the volumes ("<uuid>" or "<uuid>-<layer>") are active under these paths.
lvm::ActiveDevice host_with(std::map<std::string, std::string> devices) {
    return [devices = std::move(devices)](const std::string&, const std::string& volume,
                                          const std::string& layer) -> std::optional<std::string> {
        const auto found = devices.find(layer.empty() ? volume : volume + "-" + layer);
        if (found == devices.end()) return std::nullopt;
        return found->second;
    };
}

std::string uuid_of(const FixtureCopy& copy, const std::string& group, const std::string& volume) {
    return OpenedGroup(copy, group).volume(volume).uuid;
}

/// The message with which a volume of a copy is refused.
std::string refusal_to_open(const FixtureCopy& copy, const std::string& group, const std::string& volume,
                            const lvm::ActiveDevice& active = {}) {
    return refusal([&] { OpenedGroup(copy, group, active).open(volume); });
}

std::string digest_in(const FixtureCopy& copy, const std::string& group, const std::string& volume,
                      const lvm::ActiveDevice& active = {}) {
    return to_hex(digest_of(*OpenedGroup(copy, group, active).open(volume)).view());
}

/// A disk with a group of one linear volume "lv".
Bytes small_group(const std::string& name, const std::string& uuid, const std::string& keys = "",
                  const std::string& status = "") {
    MadeVolume volume;
    volume.uuid = made_uuid("pvOf" + uuid);
    MadeArea area;
    area.text = fmt::format(
        "{} {{\nid = \"{}\"\nseqno = 1\nstatus = [\"RESIZEABLE\", \"READ\", \"WRITE\"{}]\n{}extent_size = 128\n"
        "physical_volumes {{\npv0 {{\nid = \"{}\"\npe_start = 128\npe_count = 10\n}}\n}}\n"
        "logical_volumes {{\nlv {{\nid = \"{}\"\nstatus = [\"READ\", \"WRITE\", \"VISIBLE\"]\nsegment_count = 1\n"
        "segment1 {{\nstart_extent = 0\nextent_count = 2\ntype = \"striped\"\nstripe_count = 1\n"
        "stripes = [\n\"pv0\", 0\n]\n}}\n}}\n}}\n}}\ncontents = \"Text Format Volume Group\"\nversion = 1\n",
        name, made_uuid(uuid), status, keys, volume.uuid, made_uuid("lvOf" + uuid));
    volume.areas.push_back(area);
    return bytes_of_volume(volume);
}

/// The end of the part of physical volume `pv` that the volumes in `used` occupy; 0 if none is on it.
std::uint64_t end_on(const lvm::VolumeGroup& group, const std::set<const lvm::LogicalVolume*>& used, std::size_t pv) {
    std::uint64_t end = 0;
    const lvm::PhysicalVolumeEntry& entry = group.physical_volumes.at(pv);
    for (const lvm::LogicalVolume* volume : used)
        for (const lvm::Segment& segment : volume->segments) {
            const auto* striped = std::get_if<lvm::StripedSegment>(&segment.what);
            if (striped == nullptr) continue;
            for (const lvm::StripeLeg& leg : striped->legs)
                if (leg.device == entry.name)
                    end = std::max(
                        end, entry.first_extent.value + (leg.begin + divide_up(segment.count, striped->legs.size())) *
                                                            group.extent_size.value);
        }
    return end;
}

/// A volume that is open for a job.
struct Job {
    Job(const FixtureCopy& copy, const std::string& group, const std::string& volume)
        : opened(copy, group), disk(opened.open(volume), {}, opened.found, opened.opener) {}
    OpenedGroup opened;
    lvm::LogicalDisk disk;
};

}  // namespace

TEST_CASE("lvm: an active pool without a metadata snapshot is refused, with the command that makes one", "[lvm]") {
    const FixtureCopy copy("thin");
    const auto host = host_with({{uuid_of(copy, "vgt", "pool") + "-tpool", "/dev/dm-7"}});
    const std::string text = refusal_to_open(copy, "vgt", "vm1_t0", host);
    CHECK_THAT(text, ContainsSubstring("thin pool 'vgt/pool'"));
    CHECK_THAT(text, ContainsSubstring("active on this host"));
    CHECK_THAT(text, ContainsSubstring("reserve_metadata_snap"));
    CHECK(refusal_code([&] { OpenedGroup(copy, "vgt", host).open("vm1_t0"); }) == ErrorCode::refused);
    // The other pool is not in use, nor is a volume outside the pool.
    CHECK(digest_in(copy, "vgt", "v5_t0", host) == manifest_digest("thin", "v5_t0"));
    CHECK(digest_in(copy, "vgt", "base", host) == manifest_digest("thin", "base"));
}

TEST_CASE("lvm: an active pool is read through its metadata snapshot, an inactive one through its last commit",
          "[lvm]") {
    FixtureCopy copy("thin");
    reserve_and_go_on(copy);
    const auto host = host_with({{uuid_of(copy, "vgt", "pool") + "-tpool", "/dev/dm-7"}});
    CHECK(digest_in(copy, "vgt", "vm1_t0", host) == manifest_digest("thin", "vm1_t0"));
    CHECK(digest_in(copy, "vgt", "vm1_t0") == manifest_digest("thin", "vm1_t1"));
    CHECK(digest_in(copy, "vgt", "vm1_t2", host) == manifest_digest("thin", "vm1_t2"));
}

TEST_CASE("lvm: active snapshots and volumes are read through their devices, volumes with a warning", "[lvm]") {
    const FixtureCopy copy("snap");
    const ScratchFolder folder;
    const Bytes live = Bytes(mib(1).value, std::byte{0x5a});
    write_file(folder.file("dm-3"), live);
    const auto through = [&](const std::string& volume, std::vector<std::string>& warnings) {
        OpenedGroup opened(copy, "vgs", host_with({{uuid_of(copy, "vgs", volume), folder.file("dm-3")}}));
        const Bytes bytes = reader_test::read_all(*opened.open(volume));
        warnings = opened.opener->warnings();
        return bytes;
    };
    std::vector<std::string> warnings;
    CHECK(through("s4k_t0", warnings) == live);
    CHECK(warnings.empty());
    CHECK(through("orig", warnings) == live);
    REQUIRE(warnings.size() == 1);
    CHECK_THAT(warnings[0], ContainsSubstring("'vgs/orig' is active on this host and may change"));
    // Active volumes of the group do not affect one that is not active.
    CHECK(digest_in(copy, "vgs", "sarea256", host_with({{uuid_of(copy, "vgs", "orig"), folder.file("dm-3")}})) ==
          manifest_digest("snap", "sarea256"));
    // A device that has disappeared is an error that names it.
    CHECK_THAT(refusal_to_open(copy, "vgs", "orig", host_with({{uuid_of(copy, "vgs", "orig"), "/dev/varve-none"}})),
               ContainsSubstring("/dev/varve-none"));
}

TEST_CASE("lvm: two groups with the same name are refused unless the disks of only one are specified", "[lvm]") {
    const ScratchFolder folder;
    write_file(folder.file("a.raw"), small_group("vg", "first"));
    write_file(folder.file("b.raw"), small_group("vg", "second"));
    OpenOptions options;
    options.volume.physical_volumes = {folder.file("a.raw"), folder.file("b.raw")};
    const std::string text = refusal_of("lvm:vg/lv", options);
    CHECK_THAT(text, ContainsSubstring("two volume groups have the name 'vg'"));
    CHECK_THAT(text, ContainsSubstring(made_uuid("first")) && ContainsSubstring(made_uuid("second")));
    options.volume.physical_volumes.pop_back();
    CHECK(open_image("lvm:vg/lv", options)->info().virtual_size == kib(128));
}

TEST_CASE("lvm: the message about a missing group includes the place of damage that may hide it", "[lvm]") {
    const ScratchFolder folder;
    write_file(folder.file("a.raw"), small_group("vg", "first"));
    Bytes damaged = small_group("lost", "second");
    damaged[5000] ^= std::byte{1};
    write_file(folder.file("b.raw"), damaged);
    OpenOptions options;
    options.volume.physical_volumes = {folder.file("a.raw"), folder.file("b.raw")};
    CHECK_THAT(refusal_of("lvm:lost/lv", options),
               ContainsSubstring("no volume group 'lost' on these disks; found: 'vg'") &&
                   ContainsSubstring("b.raw' at byte 4608"));
}

TEST_CASE("lvm: a group shared by hosts is refused", "[lvm]") {
    const ScratchFolder folder;
    write_file(folder.file("a.raw"), small_group("vg", "first", "lock_type = \"sanlock\"\n"));
    OpenOptions options;
    options.volume.physical_volumes = {folder.file("a.raw")};
    CHECK_THAT(refusal_of("lvm:vg/lv", options), ContainsSubstring("'vg' is shared by hosts (lock type 'sanlock')"));
}

TEST_CASE("lvm: a clustered group and one of another host are refused, one of this host is read", "[lvm]") {
    const ScratchFolder folder;
    OpenOptions options;
    options.volume.physical_volumes = {folder.file("a.raw")};
    const auto refusal_with = [&](const std::string& line, const std::string& status = "") {
        write_file(folder.file("a.raw"), small_group("vg", "first", line, status));
        const std::string listed = list_logical_volumes("lvm:vg", options).groups.at(0).other_hosts;
        const std::string refusal = refusal_of("lvm:vg/lv", options);
        CHECK(refusal.empty() == listed.empty());
        CHECK(refusal.find(listed) != refusal.npos);
        return refusal;
    };
    utsname names{};
    REQUIRE(::uname(&names) == 0);
    CHECK(refusal_with(fmt::format("system_id = \"{}\"\n", names.nodename)) == "");
    CHECK(refusal_with("system_id = \"\"\n") == "");
    CHECK_THAT(refusal_with("", ", \"CLUSTERED\""), ContainsSubstring("'vg' is shared by the hosts of a cluster"));
    CHECK_THAT(refusal_with("system_id = \"db7.example\"\n"),
               ContainsSubstring("'vg' belongs to another host (system id 'db7.example')"));
}

TEST_CASE("lvm: a volume that is being moved is refused, and so is a snapshot of it", "[lvm]") {
    FixtureCopy copy("snap");
    const std::string id = "id = \"" + uuid_of(copy, "vgs", "orig1") + "\"\nstatus = [";
    copy.edit_text("vgs", id, id + "\"LOCKED\", ");
    CHECK_THAT(refusal_to_open(copy, "vgs", "orig1"),
               ContainsSubstring("'vgs/orig1' is being moved") && ContainsSubstring("pvmove"));
    CHECK_THAT(refusal_to_open(copy, "vgs", "sarea256"), ContainsSubstring("'vgs/orig1' is being moved"));
    CHECK(digest_in(copy, "vgs", "orig2") == manifest_digest("snap", "orig2"));
}

TEST_CASE("lvm: a snapshot whose store and a thin volume whose pool is being moved are refused", "[lvm]") {
    const auto locked = [](const std::string& fixture, const std::string& group, const std::string& moved) {
        FixtureCopy copy(fixture);
        const std::string id = "id = \"" + uuid_of(copy, group, moved) + "\"\nstatus = [";
        copy.edit_text(group, id, id + "\"LOCKED\", ");
        return copy;
    };
    CHECK_THAT(refusal_to_open(locked("snap", "vgs", "s4k_t0"), "vgs", "s4k_t0"),
               ContainsSubstring("'vgs/s4k_t0' is being"));
    CHECK_THAT(refusal_to_open(locked("thin", "vgt", "pool_tdata"), "vgt", "vm1"),
               ContainsSubstring("'vgt/pool_tdata' is"));
    CHECK_THAT(refusal_to_open(locked("thin", "vgt", "pool_tmeta"), "vgt", "vm1"),
               ContainsSubstring("'vgt/pool_tmeta' is"));
    CHECK_THAT(refusal_to_open(locked("thin", "vgt", "pool"), "vgt", "vm1"), ContainsSubstring("'vgt/pool' is"));
}

TEST_CASE("lvm: a pool that the kernel marked for a check is refused", "[lvm]") {
    FixtureCopy copy("thin");
    PoolMetadata metadata(copy);
    Bytes superblock = metadata.block(0);
    set<std::uint32_t>(superblock, 4, 1);
    metadata.put(0, BlockKind::superblock, superblock);
    const std::string text = refusal_to_open(copy, "vgt", "vm1");
    CHECK_THAT(text, ContainsSubstring("thin pool 'vgt/pool'"));
    CHECK_THAT(text, ContainsSubstring("thin_check") && ContainsSubstring("'p0.raw' at byte 78643200"));
    CHECK(digest_in(copy, "vgt", "v5") == manifest_digest("thin", "v5"));
}

TEST_CASE("lvm: a pool's transaction must match the text, or be one behind if there are messages", "[lvm]") {
    const auto with_transaction = [](const std::string& line) {
        FixtureCopy copy("thin");
        copy.edit_text("vgt", "transaction_id = 20\nchunk_size", line + "\nchunk_size");
        return copy;
    };
    const std::string message = "\nmessage1 {\ncreate = \"vm1\"\n}";
    for (const std::string line : {"transaction_id = 21", "transaction_id = 19", "transaction_id = 0"}) {
        CAPTURE(line);
        CHECK_THAT(
            refusal_to_open(with_transaction(line), "vgt", "vm1"),
            ContainsSubstring("thin pool 'vgt/pool'") && ContainsSubstring("its superblock is of transaction 20"));
    }
    CHECK_THAT(refusal_to_open(with_transaction("transaction_id = 22" + message), "vgt", "vm1"),
               ContainsSubstring("transaction 20, the group's metadata of transaction 22"));
    CHECK(digest_in(with_transaction("transaction_id = 21" + message), "vgt", "vm1") == manifest_digest("thin", "vm1"));
    CHECK(digest_in(with_transaction("transaction_id = 20" + message), "vgt", "vm1") == manifest_digest("thin", "vm1"));
}

TEST_CASE("lvm: a truncated physical volume makes exactly the volumes past the cut unreadable, by name", "[lvm]") {
    const std::string fixture = GENERATE("linear", "snap", "thin");
    const std::string group = fixture == "linear" ? "vg_stripes" : fixture == "snap" ? "vgs" : "vgt";
    const std::size_t cut_disk = fixture == "linear" ? 3 : 1;
    const FixtureCopy sound(fixture);
    const lvm::FoundGroup found = sound.found(group);
    const auto pv = static_cast<std::size_t>(
        std::ranges::find_if(found.volumes,
                             [&](const auto& v) { return v && v->path == fmt::format("p{}.raw", cut_disk); }) -
        found.volumes.begin());
    std::set<std::size_t> counts;
    for (const ByteCount cut : {mib(5), mib(20) + kib(3), mib(30), mib(60)}) {
        FixtureCopy copy(fixture);
        if (cut > copy.disk(cut_disk).info().virtual_size) continue;
        copy.disk(cut_disk).cut(cut.value);
        std::size_t lost = 0;
        for (const auto& row : fixture_table(fixture, "MANIFEST.tsv")) {
            if (row[0] != group || row[5] == "INVALID" || row[5] == "ALLZERO") continue;
            CAPTURE(fixture, row[1], cut.value);
            OpenedGroup whole(sound, group);
            whole.open(row[1]);
            const std::uint64_t end = end_on(whole.found->group, whole.opener->used(), pv);
            if (end > cut.value) {
                const std::string text = refusal_to_open(copy, group, row[1]);
                CHECK_THAT(text, ContainsSubstring(fmt::format("'p{}.raw' at byte", cut_disk)) &&
                                     ContainsSubstring(group + "/"));
                ++lost;
            } else if (lost < 3) {
                CHECK(digest_in(copy, group, row[1]) == manifest_digest(fixture, row[1]));
            } else {
                CHECK_NOTHROW(OpenedGroup(copy, group).open(row[1]));
            }
        }
        counts.insert(lost);
        const auto warnings = copy.found(group).warnings;
        CHECK(std::ranges::any_of(warnings, [&](const std::string& w) {
            return w.find(fmt::format("'p{}.raw' has only {} bytes", cut_disk, cut.value)) != w.npos;
        }));
    }
    CHECK(counts.size() > 1);  // the cut decides
}

TEST_CASE("lvm: a job fails if its volume's metadata changes while it runs, but not if another's does", "[lvm]") {
    const auto change = [](FixtureCopy& copy, const std::string& group, const std::string& seqno,
                           const std::string& from, const std::string& to) {
        copy.edit_text(group, "\nseqno = " + seqno + "\n", "\nseqno = 1000\n");
        copy.edit_text(group, from, to);
    };
    FixtureCopy copy("snap");
    const std::string seqno = std::to_string(copy.found("vgs").group.seqno);
    const Job orig(copy, "vgs", "orig");
    const Job orig1(copy, "vgs", "orig1");
    const Job of_orig1(copy, "vgs", "sarea256");
    CHECK_NOTHROW(orig.disk.check_unchanged());
    CHECK_NOTHROW(of_orig1.disk.check_unchanged());
    // lvrename changes the entry of orig1 in the text.
    change(copy, "vgs", seqno, "\norig1 {\n", "\nother {\n");
    copy.edit_text("vgs", "origin = \"orig1\"\ncow_store = \"sarea256\"",
                   "origin = \"other\"\ncow_store = \"sarea256\"");
    copy.edit_text("vgs", "origin = \"orig1\"", "origin = \"other\"");
    CHECK_NOTHROW(orig.disk.check_unchanged());
    for (const Job* job : {&orig1, &of_orig1}) {
        const std::string text = refusal([&] { job->disk.check_unchanged(); });
        CHECK_THAT(text, ContainsSubstring("the metadata of 'vgs/orig1' in its volume group changed"));
    }
}

TEST_CASE("lvm: a job fails if its volume is moved or its group disappears while it runs", "[lvm]") {
    FixtureCopy copy("linear");
    const std::string seqno = std::to_string(copy.found("vg-lin.a").group.seqno);
    const Job root(copy, "vg-lin.a", "root");
    const Job never(copy, "vg-lin.a", "neveract");
    const auto& segment = never.opened.volume("neveract").segments.front();
    const auto& leg = std::get<lvm::StripedSegment>(segment.what).legs.front();
    copy.edit_text("vg-lin.a", "\nseqno = " + seqno + "\n", "\nseqno = 1000\n");
    copy.edit_text("vg-lin.a", fmt::format("\"pv0\", {}\n", leg.begin), fmt::format("\"pv0\", {}\n", leg.begin + 1));
    CHECK_NOTHROW(root.disk.check_unchanged());
    CHECK_THAT(refusal([&] { never.disk.check_unchanged(); }),
               ContainsSubstring("the metadata of 'vg-lin.a/neveract' in its volume group changed"));
    copy.disk(0).set(4096, Bytes(512));  // the only metadata area
    CHECK_FALSE(refusal([&] { root.disk.check_unchanged(); }).empty());
}

TEST_CASE("lvm: a job fails if a merge starts or another volume takes the name while it runs", "[lvm]") {
    FixtureCopy copy("snap");
    const Job orig1(copy, "vgs", "orig1");
    const Job orig2(copy, "vgs", "orig2");
    const Job ofs(copy, "vgs", "ofs");
    copy.edit_text("vgs", fmt::format("\nseqno = {}\n", ofs.opened.found->group.seqno), "\nseqno = 1000\n");
    copy.edit_text("vgs", "cow_store = \"sarea256\"", "merging_store = \"sarea256\"");
    copy.edit_text("vgs", ofs.opened.volume("ofs").uuid, made_uuid("other"));
    CHECK_THAT(refusal([&] { orig1.disk.check_unchanged(); }),
               ContainsSubstring("the metadata of 'vgs/orig1' in its volume group changed"));
    CHECK_THAT(refusal([&] { ofs.disk.check_unchanged(); }),
               ContainsSubstring("the metadata of 'vgs/ofs' in its volume group changed"));
    CHECK_NOTHROW(orig2.disk.check_unchanged());
}

TEST_CASE("lvm: a job on a thin volume continues when another volume is created in its pool", "[lvm]") {
    FixtureCopy copy("thin");
    const Job job(copy, "vgt", "vm1_t0");
    copy.edit_text("vgt", fmt::format("\nseqno = {}\n", job.opened.found->group.seqno), "\nseqno = 1000\n");
    copy.edit_text("vgt", "transaction_id = 20\nchunk_size", "transaction_id = 21\nchunk_size");
    CHECK_NOTHROW(job.disk.check_unchanged());
}

}  // namespace varve::lvm_test
