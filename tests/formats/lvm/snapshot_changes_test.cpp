#include "formats/lvm/snapshot_changes.h"

#include <algorithm>
#include <random>

#include "tests/catch.h"
#include "tests/formats/lvm/dm_table.h"
#include "tests/formats/lvm/fixture.h"
#include "tests/formats/lvm/store_builder.h"

namespace varve::lvm_test {
namespace {

using lvm::ExceptionStore;

ExceptionStore store_of(const DmTable& table, const std::string& snapshot, const std::string& origin) {
    return {source_of(table.open("vgs-" + snapshot + "-cow")),
            {table.open("vgs-" + origin + "-real")->info().virtual_size, kib(4)}};
}

/// Ranges of RANGES.tsv from one volume to another whose kind begins with the given word.
std::vector<ByteRange> ranges_in_table(const std::string& from, const std::string& to, const std::string& kind) {
    std::vector<ByteRange> ranges;
    for (const auto& row : fixture_table("snap", "RANGES.tsv"))
        if (row.at(1) == from && row.at(2) == to && row.at(3).compare(0, kind.size(), kind) == 0)
            ranges.push_back({{std::stoull(row.at(4))}, {std::stoull(row.at(5))}});
    REQUIRE(!ranges.empty());
    return ranges;
}

void check_covers(const RangeChanges& changes, const std::vector<ByteRange>& ranges) {
    for (const ByteRange& range : ranges) {
        const ChangeRun run = changes.change_at(range.begin);
        if (!run.may_differ || run.end() < range.end()) FAIL("byte " << run.end().value << " is called the same");
    }
}

const std::pair<const char*, const char*> snapshots_of_table[] = {
    {"s4k_t0", "orig"}, {"s64k_t1", "orig"},   {"s512k_t2", "orig"}, {"swr_t2", "orig"}, {"sfull", "orig"},
    {"sstr", "ostr"},   {"sarea256", "orig1"}, {"sfs_t0", "ofs"},    {"spend", "opend"}};

/// Joins adjacent ranges.
std::vector<ByteRange> joined_ranges(std::vector<ByteRange> ranges) {
    return RangeChanges(std::move(ranges), mib(1024), mib(1024)).may_differ();
}

}  // namespace

TEST_CASE("lvm snapshot changes: from a snapshot to its origin, they are the chunks in the store", "[lvm][cow]") {
    const DmTable table("snap");
    for (const auto& [snapshot, origin] : snapshots_of_table) {
        INFO(snapshot);
        const ExceptionStore store = store_of(table, snapshot, origin);
        const RangeChanges changes = lvm::changes_to_origin(store, store.size());
        CHECK((changes.may_differ() == joined_ranges(ranges_in_table(snapshot, origin, "cow-exceptions"))));
    }
}

TEST_CASE("lvm snapshot changes: they include everything that differs from the origin", "[lvm][cow]") {
    const DmTable table("snap");
    for (const auto& [snapshot, origin] :
         {std::pair("s4k_t0", "orig"), std::pair("s512k_t2", "orig"), std::pair("swr_t2", "orig"),
          std::pair("sarea256", "orig1"), std::pair("sfs_t0", "ofs"), std::pair("sstr", "ostr")}) {
        INFO(snapshot);
        const ExceptionStore store = store_of(table, snapshot, origin);
        check_covers(lvm::changes_to_origin(store, store.size()), ranges_in_table(snapshot, origin, "content-4k"));
    }
}

TEST_CASE("lvm snapshot changes: they include everything that differs between two snapshots", "[lvm][cow]") {
    const DmTable table("snap");
    for (const auto& [before, now] : {std::pair("s4k_t0", "s64k_t1"), std::pair("s64k_t1", "s512k_t2")}) {
        INFO(before << " to " << now);
        const RangeChanges changes =
            lvm::changes_to_snapshot(store_of(table, before, "orig"), store_of(table, now, "orig"));
        check_covers(changes, ranges_in_table(before, now, "content-4k"));
        CHECK(std::any_of(changes.may_differ().begin(), changes.may_differ().end(),
                          [](const ByteRange& range) { return range.length > kib(64); }));
        CHECK_FALSE(changes.change_at({31 << 20}).may_differ);
    }
}

TEST_CASE("lvm snapshot changes: a chunk that is in only one of the two stores may differ", "[lvm][cow]") {
    StoreBuilder small;
    small.exception(3, 2).exception(16, 3).chunk(3, {});
    StoreBuilder large(16384);
    large.exception(2, 2).chunk(2, {});
    const ExceptionStore before(bytes_device(small.bytes()), {mib(1), kib(4)});
    const ExceptionStore now(bytes_device(large.bytes()), {mib(1), kib(4)});
    const std::vector<ByteRange> expected{{{12288}, {4096}}, {{32768}, {16384}}, {{65536}, {4096}}};
    CHECK((lvm::changes_to_snapshot(before, now).may_differ() == expected));
    CHECK((lvm::changes_to_snapshot(now, before).may_differ() == expected));
}

TEST_CASE("lvm snapshot changes: an origin that has grown may differ everywhere past its former end", "[lvm][cow]") {
    StoreBuilder builder;
    builder.exception(2, 2).exception(24, 3).chunk(3, {});
    const ExceptionStore store(bytes_device(builder.bytes()), {{100'000}, kib(4)});
    const std::vector<ByteRange> expected{{{8192}, {4096}}, {{98304}, {101'696}}};
    CHECK((lvm::changes_to_origin(store, {200'000}).may_differ() == expected));
}

}  // namespace varve::lvm_test
