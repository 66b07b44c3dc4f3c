// Every volume and snapshot of the fixtures has the sha256 that the kernel presented, or is refused according to the
// manifest; the changes between snapshots are those that the kernel's own tools reported, and nothing else is read.

#include <set>

#include <fmt/format.h>

#include "engine/base/hex.h"
#include "formats/lvm/change_token.h"
#include "formats/lvm/volume_list.h"
#include "tests/catch.h"
#include "tests/contract/image_reader_contract.h"
#include "tests/formats/lvm/fixture.h"
#include "tests/support/reader_support.h"

namespace varve::lvm_test {
namespace {

using reader_test::digest_of;
using reader_test::read_all;
using reader_test::refusal_of;

OpenOptions disks_of(const std::string& fixture) {
    OpenOptions options;
    options.volume.physical_volumes = fixture_disks(fixture);
    return options;
}

std::string source(const std::vector<std::string>& row) { return "lvm:" + row[0] + "/" + row[1]; }

/// The reason with which a volume of the manifest must be refused; empty if it must be read.
std::string refusal_in(const std::vector<std::string>& row) {
    if (row[5] == "INVALID") return "invalid";
    if (row[5] == "EIO") return "type error";
    const std::string mark = "refread:REFUSE:";
    if (row.size() > 7 && row[7].starts_with(mark)) return row[7].substr(mark.size());
    return "";
}

/// Ranges of RANGES.tsv from one volume to another whose kind begins with `kind`.
std::vector<ByteRange> ranges_in(const std::string& fixture, const std::string& from, const std::string& to,
                                 const std::string& kind) {
    std::vector<ByteRange> ranges;
    for (const auto& row : fixture_table(fixture, "RANGES.tsv"))
        if (row[1] == from && row[2] == to && row[3].starts_with(kind))
            ranges.push_back({{std::stoull(row[4])}, {std::stoull(row[5])}});
    std::ranges::sort(ranges, {}, [](const ByteRange& range) { return range.begin; });
    return ranges;
}

/// Sorted, with adjacent ranges joined.
std::vector<ByteRange> joined(const std::vector<ByteRange>& ranges) {
    std::vector<ByteRange> out;
    for (const ByteRange& range : ranges) {
        if (!out.empty() && range.begin <= out.back().end())
            out.back().length = std::max(out.back().end(), range.end()) - out.back().begin;
        else
            out.push_back(range);
    }
    return out;
}

std::vector<ByteRange> may_differ(const ChangeMap& map, ByteCount size) {
    std::vector<ByteRange> ranges;
    for (ByteOffset at; at < ByteOffset{} + size;) {
        const ChangeRun run = map.change_at(at);
        if (run.may_differ) ranges.push_back({run.begin, run.length});
        at = run.end();
    }
    return joined(ranges);
}

bool covers(const std::vector<ByteRange>& ranges, const ByteRange& part) {
    return std::ranges::any_of(
        ranges, [&](const ByteRange& range) { return range.begin <= part.begin && range.end() >= part.end(); });
}

struct Pair {
    std::string from;
    std::string to;
    auto operator<=>(const Pair&) const = default;
};

std::vector<Pair> pairs_in(const std::string& fixture) {
    std::set<Pair> pairs;
    for (const auto& row : fixture_table(fixture, "RANGES.tsv")) pairs.insert({row[1], row[2]});
    return {pairs.begin(), pairs.end()};
}

}  // namespace

TEST_CASE("lvm: every volume of every fixture reads as the kernel presents it, or is refused", "[lvm]") {
    const std::string fixture = GENERATE("linear", "snap", "thin", "exotic");
    std::size_t read = 0;
    std::size_t refused = 0;
    for (const auto& row : fixture_table(fixture, "MANIFEST.tsv")) {
        CAPTURE(fixture, row[0], row[1], row[2]);
        const std::string refusal = refusal_in(row);
        if (!refusal.empty()) {
            const std::string text = refusal_of(source(row), disks_of(fixture));
            CAPTURE(text, refusal);
            REQUIRE(!text.empty());
            CHECK(text.find(row[1]) != std::string::npos);
            if (row[2] != "striped" && row[5] != "INVALID") CHECK(text.find(row[2]) != std::string::npos);
            ++refused;
            continue;
        }
        const auto reader = open_image(source(row), disks_of(fixture));
        REQUIRE(reader->info().virtual_size.value == std::stoull(row[4]));
        if (row[5] == "ALLZERO") {
            const Extent all = reader->extent_at({});
            CHECK((all.kind == ExtentKind::unallocated && all.length == reader->info().virtual_size));
        } else {
            CHECK(to_hex(digest_of(*reader).view()) == row[5]);
        }
        ++read;
    }
    CHECK(read + refused == fixture_table(fixture, "MANIFEST.tsv").size());
    CHECK(refused == (fixture == "linear" ? 1u : fixture == "snap" ? 1u : fixture == "thin" ? 0u : 6u));
}

TEST_CASE("lvm: snapshots and thin volumes keep the contract of image readers", "[lvm]") {
    struct Case {
        const char* fixture;
        const char* volume;
    };
    const Case c =
        GENERATE(Case{"snap", "lvm:vgs/sstr"}, Case{"snap", "lvm:vgs/opend"}, Case{"thin", "lvm:vgt/ext1"},
                 Case{"thin", "lvm:vgt/vm4_cow"}, Case{"thin", "lvm:vgt/v5"}, Case{"linear", "lvm:vg_stripes/st2mix"});
    CAPTURE(c.volume);
    const auto reader = open_image(c.volume, disks_of(c.fixture));
    contract::extents_partition_the_disk(*reader);
    contract::pieces_equal_the_whole(*reader, read_all(*reader));
    contract::nothing_reads_as_zeros_without_io(*reader);
}

TEST_CASE("lvm: a thin volume without a block is not read, and unmapped blocks are unallocated", "[lvm]") {
    const auto reader = open_image("lvm:vgt/vm2empty", disks_of("thin"));
    CHECK(is_zero(contract::read_range(*reader, {}, mib(1))));
    CHECK(reader->bytes_read().value == 0);
}

TEST_CASE(
    "lvm: between two snapshots the change source reports what thin_delta and the stores report, and never less "
    "than what differs",
    "[lvm]") {
    const std::string fixture = GENERATE("thin", "snap");
    const std::string group = fixture == "thin" ? "lvm:vgt/" : "lvm:vgs/";
    std::size_t compared = 0;
    for (const Pair& pair : pairs_in(fixture)) {
        CAPTURE(pair.from, pair.to);
        if (pair.from == "sover" || pair.from == "spend") continue;  // lost, and being merged
        const OpenedImage before = open_image_chain(group + pair.from, disks_of(fixture));
        const OpenedImage now = open_image_chain(group + pair.to, disks_of(fixture));
        const ByteCount size = now.reader->info().virtual_size;
        const ChangesSince since = now.changes->changed_since(before.changes->token());
        CAPTURE(since.why_not);
        if (!since.map) {
            // A change source reports that a snapshot was written to and never ignores it.
            CHECK(!since.why_not.empty());
            continue;
        }
        const auto reported = may_differ(*since.map, size);
        for (const ByteRange& content : ranges_in(fixture, pair.from, pair.to, "content-4k")) {
            // The table treats a shorter volume as zeros past its end; here it just ends.
            if (content.end() <= ByteOffset{} + size) CHECK(covers(reported, content));
        }
        const auto tool =
            joined(ranges_in(fixture, pair.from, pair.to,
                             fixture == "thin" && pair.from != "vm4_cow" ? "thin_delta" : "cow-exceptions"));
        if (!tool.empty() && before.reader->info().virtual_size == size) CHECK(reported == tool);
        ++compared;
    }
    CHECK(compared >= (fixture == "thin" ? 10u : 6u));
}

TEST_CASE("lvm: a token that does not match in every part is not used, and the user learns why if that helps",
          "[lvm]") {
    const OpenedImage before = open_image_chain("lvm:vgt/vm1_t1", disks_of("thin"));
    const OpenedImage now = open_image_chain("lvm:vgt/vm1_t2", disks_of("thin"));
    const lvm::ThinToken token = *lvm::parse_thin_token(before.changes->token());
    const auto answer = [&](auto change) {
        lvm::ThinToken changed = token;
        change(changed);
        return now.changes->changed_since(lvm::encode(changed));
    };
    REQUIRE(answer([](auto&) {}).map != nullptr);
    CHECK(answer([](auto&) {}).kind == "thin");

    using Token = lvm::ThinToken;
    CHECK_THAT(answer([](Token& t) { t.volume_uuid.back() ^= 2; }).why_not, ContainsSubstring("is gone from the pool"));
    CHECK_THAT(answer([](Token& t) { t.device.id = 99; }).why_not, ContainsSubstring("is gone from the pool"));
    CHECK_THAT(answer([](Token& t) { ++t.device.mapped_blocks; }).why_not,
               ContainsSubstring("was changed (written to, trimmed or replaced)"));
    CHECK_THAT(answer([](Token& t) { --t.device.snapshotted_time; }).why_not, ContainsSubstring("'vgt/vm1_t1'"));
    CHECK_THAT(answer([](Token& t) { ++t.device.creation_time; }).why_not,
               ContainsSubstring("a snapshot of it was taken"));
    CHECK_THAT(answer([](Token& t) { ++t.device.transaction_id; }).why_not, ContainsSubstring("merged"));
    // A token of another group or pool is not for this volume.
    for (const ChangesSince& since :
         {answer([](Token& t) { t.group_uuid.back() ^= 2; }), answer([](Token& t) { t.pool_uuid.back() ^= 2; })})
        CHECK((since.map == nullptr && since.why_not.empty()));
}

TEST_CASE("lvm: tokens are read back as they were written, and anything else is not a token", "[lvm]") {
    const Bytes thin = open_image_chain("lvm:vgt/vm1_t1", disks_of("thin")).changes->token();
    const Bytes cow = open_image_chain("lvm:vgs/sstr", disks_of("snap")).changes->token();
    CHECK(lvm::encode(*lvm::parse_thin_token(thin)) == thin);
    CHECK(lvm::encode(*lvm::parse_cow_token(cow)) == cow);
    CHECK(!lvm::parse_cow_token(thin));
    CHECK(!lvm::parse_thin_token(cow));
    for (std::size_t length = 0; length < thin.size(); ++length) {
        const ByteView cut = ByteView(thin).first(length);
        if (const auto token = lvm::parse_thin_token(cut)) CHECK(token->size.value < mib(64).value);  // fewer digits
    }
    const OpenedImage linear = open_image_chain("lvm:vg3/tiny", disks_of("linear"));
    CHECK(linear.changes->token().empty());
    CHECK(linear.changes->changed_since(thin).map == nullptr);
    CHECK(linear.changes->changed_since({}).map == nullptr);
}

TEST_CASE("lvm: a store's token reports that its snapshot is gone", "[lvm]") {
    const OpenedImage now = open_image_chain("lvm:vgs/orig", disks_of("snap"));
    lvm::CowToken token = *lvm::parse_cow_token(open_image_chain("lvm:vgs/s4k_t0", disks_of("snap")).changes->token());
    CHECK(now.changes->changed_since(lvm::encode(token)).kind == "cow");
    token.store_uuid.back() ^= 2;
    CHECK_THAT(now.changes->changed_since(lvm::encode(token)).why_not, ContainsSubstring("is gone"));
    token.origin_uuid.back() ^= 2;
    CHECK(now.changes->changed_since(lvm::encode(token)).why_not.empty());
    const Bytes lost =
        lvm::encode(*lvm::parse_cow_token(open_image_chain("lvm:vgs/s64k_t1", disks_of("snap")).changes->token()));
    CHECK(open_image_chain("lvm:vgs/opend", disks_of("snap")).changes->changed_since(lost).map == nullptr);
}

TEST_CASE("lvm: a missing physical volume makes exactly the volumes that need it unreadable, by name", "[lvm]") {
    OpenOptions options = disks_of("exotic");
    options.volume.physical_volumes.erase(options.volume.physical_volumes.begin() + 2);
    for (const auto& row : fixture_table("exotic", "MANIFEST.tsv")) {
        if (row[1] != "plain" && row[1] != "e1") continue;
        CHECK(to_hex(digest_of(*open_image(source(row), options)).view()) == row[5]);
    }
    OpenOptions one = disks_of("linear");
    one.volume.physical_volumes.erase(one.volume.physical_volumes.begin() + 2);
    const std::string text = refusal_of("lvm:vg_stripes/st3", one);
    CAPTURE(text);
    CHECK(text.find("vg_stripes/st3") != std::string::npos);
    CHECK(text.find("needs physical volume RNPvcI-b9Vc-TTDh-Kyms-gCWX-jnaX-MNi1it") != std::string::npos);
}

TEST_CASE("lvm: an exported group is read with a warning", "[lvm]") {
    const auto reader = open_image("lvm:vgexp/e1", disks_of("exotic"));
    const auto& warnings = reader->info().warnings;
    CHECK(std::ranges::any_of(warnings, [](const std::string& w) { return w.find("exported") != w.npos; }));
}

TEST_CASE("lvm: a physical volume inside a qcow2 image reads the same", "[lvm]") {
    const reader_test::ScratchFolder folder;
    OpenOptions options;
    for (const std::string& disk : fixture_disks("thin")) {
        const std::string copy = folder.file(fmt::format("p{}.qcow2", options.volume.physical_volumes.size()));
        reader_test::qemu_img({"convert", "-f", "raw", "-O", "qcow2", disk, copy});
        options.volume.physical_volumes.push_back(copy);
    }
    for (const auto& row : fixture_table("thin", "MANIFEST.tsv")) {
        if (row[1] != "vm1_t1" && row[1] != "vm4_cow" && row[1] != "ext1") continue;
        CHECK(to_hex(digest_of(*open_image(source(row), options)).view()) == row[5]);
    }
}

TEST_CASE("lvm: the message about an unknown name states which names exist", "[lvm]") {
    CHECK(refusal_of("lvm:vgs/none", disks_of("snap")).find("volume group 'vgs' has no volume 'none'") !=
          std::string::npos);
    CHECK(refusal_of("lvm:other/x", disks_of("snap")).find("found: 'vgs'") != std::string::npos);
    CHECK(refusal_of("lvm:vgs", disks_of("snap")).find("expected lvm:VG/LV") != std::string::npos);
    CHECK(refusal_of("lvm:vgs/a/b", disks_of("snap")).find("not the name of a logical volume") != std::string::npos);
    CHECK(refusal_of("lvm:vgt/pool", disks_of("thin")).find("is a thin pool, not a disk") != std::string::npos);
    OpenOptions snapshot = disks_of("thin");
    snapshot.image.snapshot = "vm1_t1";
    CHECK(to_hex(digest_of(*open_image("lvm:vgt/vm1", snapshot)).view()) ==
          "682cb058be3da40b913f3956270c71f66172ea259b09fae29d9c3b913e78e2fa");
}

TEST_CASE("lvm: the list has every volume of the manifest, and states whether it can be read", "[lvm]") {
    const std::string fixture = GENERATE("linear", "snap", "thin", "exotic");
    const lvm::VolumeList list = list_logical_volumes("lvm:", disks_of(fixture));
    for (const auto& row : fixture_table(fixture, "MANIFEST.tsv")) {
        CAPTURE(fixture, row[0], row[1]);
        const auto found = std::ranges::find_if(
            list.volumes, [&](const lvm::ListedVolume& v) { return v.group == row[0] && v.name == row[1]; });
        REQUIRE(found != list.volumes.end());
        CHECK(found->size.value == std::stoull(row[4]));
        CHECK(found->why_unreadable.has_value() == !refusal_in(row).empty());
        CHECK(found->time_ns);
    }
    CHECK(list.physical_volumes.size() == fixture_disks(fixture).size());
}

}  // namespace varve::lvm_test
