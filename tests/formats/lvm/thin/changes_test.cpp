// What may differ between two thin devices: compared with thin_delta on the same metadata, and by the rules about time,
// which thin_delta does not know.

#include "formats/lvm/thin/changes.h"
#include "tests/catch.h"
#include "tests/formats/lvm/thin/editor.h"
#include "tests/formats/lvm/thin/thin_support.h"

namespace varve::thin::test {
namespace {

constexpr ByteCount pool_chunk = kib(192);

/// Begin and end in chunks, and whether the run may differ; adjacent runs are joined.
using Run = std::tuple<std::uint64_t, std::uint64_t, bool>;

std::vector<Run> runs_of(const Changes& changes, ByteCount size) {
    std::vector<Run> runs;
    for (ByteOffset at; at.value < size.value;) {
        const ChangeRun run = changes.change_at(at);
        REQUIRE(run.begin == at);
        REQUIRE(run.length.value != 0);
        at = run.end();
        const std::uint64_t end = divide_up(at.value, pool_chunk.value);
        if (!runs.empty() && std::get<2>(runs.back()) == run.may_differ)
            std::get<1>(runs.back()) = end;
        else
            runs.emplace_back(run.begin.value / pool_chunk.value, end, run.may_differ);
    }
    return runs;
}

/// A pool at time 10 with device 1, whose 1000 blocks were allocated at time 3, except 500 to 509 at time 10, and an
/// empty device 2.
MetadataEditor pool_of_two() {
    std::string xml =
        "<superblock uuid=\"\" time=\"10\" transaction=\"5\" flags=\"0\" version=\"2\" "
        "data_block_size=\"384\" nr_data_blocks=\"10000\">\n"
        "<device dev_id=\"1\" mapped_blocks=\"1000\" transaction=\"0\" creation_time=\"0\" "
        "snap_time=\"10\">\n"
        "<range_mapping origin_begin=\"0\" data_begin=\"0\" length=\"500\" time=\"3\"/>\n"
        "<range_mapping origin_begin=\"500\" data_begin=\"2000\" length=\"10\" time=\"10\"/>\n"
        "<range_mapping origin_begin=\"510\" data_begin=\"510\" length=\"490\" time=\"3\"/>\n"
        "</device>\n"
        "<device dev_id=\"2\" mapped_blocks=\"0\" transaction=\"1\" creation_time=\"9\" "
        "snap_time=\"9\">\n</device>\n</superblock>\n";
    return MetadataEditor(MetadataFile(xml, 64).bytes());
}

Changes changes_of(const Bytes& metadata, DeviceId before, DeviceId now, std::uint32_t frozen_at,
                   ByteCount size_before = {1000 * pool_chunk.value}, ByteCount size_now = {1000 * pool_chunk.value},
                   ExternalOrigins origins = ExternalOrigins::same) {
    const Pool pool = open_pool(metadata);
    return Changes(pool.blocks, {pool.devices.find(before), pool.devices.find(now), frozen_at, pool_chunk, size_before,
                                 size_now, origins});
}

std::vector<Run> changed_runs(const Bytes& metadata, DeviceId before, DeviceId now, std::uint32_t frozen_at) {
    return runs_of(changes_of(metadata, before, now, frozen_at), {1000 * pool_chunk.value});
}

}  // namespace

TEST_CASE("thin changes: every pair of devices of the fixture differs where thin_delta reports", "[lvm][thin]") {
    for (const std::string name : {"pool", "pool2"}) {
        const Pool pool = fixture_pool(name);
        const MetadataFile file(volume_bytes(name + "_tmeta"));
        for (const Device& before : pool.devices.list())
            for (const Device& now : pool.devices.list()) {
                CAPTURE(name, before.id, now.id);
                check_against_thin_delta(pool, file, before.id, now.id);
            }
    }
}

TEST_CASE("thin changes: between a device and itself, blocks that it may write in place may differ", "[lvm][thin]") {
    const MetadataEditor editor = pool_of_two();
    CHECK(changed_runs(editor.bytes(), 1, 1, 11) == std::vector<Run>{{0, 1000, false}});
    CHECK(changed_runs(editor.bytes(), 1, 1, 10) ==
          std::vector<Run>{{0, 500, false}, {500, 510, true}, {510, 1000, false}});
    CHECK(changed_runs(editor.bytes(), 1, 1, 3) == std::vector<Run>{{0, 1000, true}});
}

TEST_CASE("thin changes: a block that was written in place before it became shared may differ", "[lvm][thin]") {
    // Device 1 was backed up when its mark was 10. Then it wrote to blocks 500 to 509, in place, and then device 2 was
    // created as its snapshot: both have the same root.
    MetadataEditor editor = pool_of_two();
    editor.snapshot(1, 2, 11);
    const std::vector<Run> written{{0, 500, false}, {500, 510, true}, {510, 1000, false}};
    CHECK(changed_runs(editor.bytes(), 1, 2, 10) == written);
    CHECK(changed_runs(editor.bytes(), 1, 2, 11) == std::vector<Run>{{0, 1000, false}});
    editor.edit(2, {{3, NewMapping{7000, 11}}});  // the leaf of 500 is still shared
    CHECK(changed_runs(editor.bytes(), 1, 2, 10) ==
          std::vector<Run>{{0, 3, false}, {3, 4, true}, {4, 500, false}, {500, 510, true}, {510, 1000, false}});
}

TEST_CASE("thin changes: what the earlier device wrote after its backup may differ", "[lvm][thin]") {
    MetadataEditor editor = pool_of_two();
    editor.snapshot(1, 2, 11);  // 2 is backed up now, with mark 11
    editor.edit(2, {{40, NewMapping{7000, 11}}, {41, std::nullopt}});
    editor.edit(1, {{700, NewMapping{7001, 11}}, {701, std::nullopt}});
    CHECK(changed_runs(editor.bytes(), 2, 1, 11) ==
          std::vector<Run>{{0, 40, false}, {40, 42, true}, {42, 700, false}, {700, 702, true}, {702, 1000, false}});
}

TEST_CASE("thin changes: a device that was written to after its backup is no longer untouched", "[lvm][thin]") {
    MetadataEditor editor = pool_of_two();
    editor.snapshot(1, 2, 11);
    editor.edit(1, {{700, NewMapping{7001, 11}}, {701, std::nullopt}, {1500, NewMapping{7002, 11}}});
    const auto is_untouched = [](const MetadataEditor& pool) {
        return changes_of(pool.bytes(), 2, 1, 11).before_is_untouched(1000);
    };
    CHECK(is_untouched(editor));
    CHECK_FALSE(changes_of(editor.bytes(), 2, 1, 11).before_is_untouched(999));
    CHECK_FALSE(changes_of(editor.bytes(), 2, 1, 12).before_is_untouched(1000));  // a mark that it does not have yet

    MetadataEditor discarded = editor;
    discarded.edit(2, {{5, std::nullopt}});
    discarded.set_details(2, 999, 11);
    CHECK_FALSE(is_untouched(discarded));

    MetadataEditor replaced = editor;
    replaced.edit(2, {{5, std::nullopt}, {1200, NewMapping{7003, 11}}});  // as many blocks as before
    CHECK_FALSE(is_untouched(replaced));

    MetadataEditor shared_again = replaced;  // what was written to 2 is in nodes that 1 also has
    shared_again.snapshot(2, 1, 12);
    CHECK_FALSE(is_untouched(shared_again));

    MetadataEditor snapshot_of_it = editor;  // its mark advances, its mappings do not change
    snapshot_of_it.snapshot(2, 1, 12);
    CHECK(is_untouched(snapshot_of_it));
}

TEST_CASE("thin changes: where nothing is mapped, another external origin may make a difference", "[lvm][thin]") {
    MetadataEditor editor = pool_of_two();
    editor.snapshot(1, 2, 11);
    editor.edit(1, {{700, std::nullopt}, {800, std::nullopt}});
    editor.edit(2, {{800, std::nullopt}, {900, NewMapping{7000, 11}}});
    const ByteCount size{1100 * pool_chunk.value};
    using Runs = std::vector<Run>;
    CHECK(runs_of(changes_of(editor.bytes(), 2, 1, 11, size, size), size) ==
          Runs{{0, 700, false}, {700, 701, true}, {701, 900, false}, {900, 901, true}, {901, 1100, false}});
    CHECK(runs_of(changes_of(editor.bytes(), 2, 1, 11, size, size, ExternalOrigins::different), size) ==
          Runs{{0, 700, false},
               {700, 701, true},
               {701, 800, false},
               {800, 801, true},
               {801, 900, false},
               {900, 901, true},
               {901, 1000, false},
               {1000, 1100, true}});
}

TEST_CASE("thin changes: another external origin may make a difference in a shared node too", "[lvm][thin]") {
    MetadataEditor editor = pool_of_two();
    editor.snapshot(1, 2, 11);
    const ByteCount size{1100 * pool_chunk.value};
    CHECK(runs_of(changes_of(editor.bytes(), 2, 1, 11, size, size), size) == std::vector<Run>{{0, 1100, false}});
    CHECK(runs_of(changes_of(editor.bytes(), 2, 1, 11, size, size, ExternalOrigins::different), size) ==
          std::vector<Run>{{0, 1000, false}, {1000, 1100, true}});
}

TEST_CASE("thin changes: a data block is the same regardless of the recorded time", "[lvm][thin]") {
    MetadataEditor editor = pool_of_two();
    editor.snapshot(1, 2, 11);
    editor.edit(2, {{5, NewMapping{5, 9}}, {6, NewMapping{7000, 3}}});
    check_against_thin_delta(open_pool(editor.bytes()), MetadataFile(editor.bytes()), 2, 1);
    CHECK(changed_runs(editor.bytes(), 2, 1, 11) == std::vector<Run>{{0, 6, false}, {6, 7, true}, {7, 1000, false}});
}

TEST_CASE("thin changes: past the end of the shorter disk everything may differ", "[lvm][thin]") {
    MetadataEditor editor = pool_of_two();
    editor.snapshot(1, 2, 11);
    const ByteCount small{10 * pool_chunk.value + 4096};
    const ByteCount large{20 * pool_chunk.value + 512};
    const Changes grown = changes_of(editor.bytes(), 2, 1, 11, small, large);
    CHECK(runs_of(grown, large) == std::vector<Run>{{0, 10, false}, {10, 21, true}});
    CHECK(grown.change_at(ByteOffset{} + small).end() == ByteOffset{} + large);
    const Changes shrunk = changes_of(editor.bytes(), 2, 1, 11, large, small);
    CHECK(runs_of(shrunk, small) == std::vector<Run>{{0, 10, false}, {10, 11, true}});
    const Changes equal = changes_of(editor.bytes(), 2, 1, 11, small, small);
    const ChangeRun run = equal.change_at(ByteOffset{pool_chunk.value + 5});
    CHECK(run.begin.value == pool_chunk.value + 5);
    CHECK(run.end() == ByteOffset{} + small);
    CHECK_FALSE(run.may_differ);
}

}  // namespace varve::thin::test
