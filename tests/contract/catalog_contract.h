#pragma once
/// The contract of Catalog as a suite that every implementation passes.

#include <functional>
#include <memory>
#include <thread>

#include "tests/catch.h"
#include "tests/fakes/sample_log.h"

namespace varve::contract {

/// An empty catalog of `repository` whose head is `genesis`.
using CatalogFactory = std::function<std::unique_ptr<Catalog>(const RepositoryId& repository, const LogHead& genesis)>;

inline std::vector<SnapshotRecord> records_of(const std::vector<ListedSnapshot>& listed) {
    std::vector<SnapshotRecord> records;
    records.reserve(listed.size());
    for (const ListedSnapshot& snapshot : listed) records.push_back(snapshot.record);
    return records;
}

inline void check_snapshots(Catalog& catalog, SampleLog& log) {
    const auto active = [&](const std::string& disk, TimeNs time) {
        SnapshotRecord record = log.snapshot(disk, time);
        record.source.snapshot.clear();
        return record;
    };
    const SnapshotRecord b2 = active("b", 20), b1 = active("b", 10), a9 = log.snapshot("a/x", 90);
    const SnapshotRecord b1_again = active("b", 10);
    REQUIRE(enter(catalog, log.commit({b2, b1}, {})));
    REQUIRE(enter(catalog, log.commit({b1_again, a9}, {})));

    SECTION("snapshots are listed by disk, time, commit and position, with every field") {
        const auto listed = catalog.snapshots();
        CHECK(records_of(listed) == std::vector{a9, b1, b1_again, b2});
        CHECK(listed[0].commit == 2);
        CHECK(listed[0].position == 1);
        CHECK(records_of(catalog.snapshots("b")) == std::vector{b1, b1_again, b2});
        CHECK(catalog.snapshots("a").empty());
        CHECK(catalog.snapshots("").empty());
    }
    SECTION("snapshots are found by the first digits of their ids") {
        CHECK(records_of(catalog.snapshots_by_prefix(b1.id.hex())) == std::vector{b1});
        CHECK(records_of(catalog.snapshots_by_prefix(b1.id.hex().substr(0, 12))) == std::vector{b1});
        CHECK(catalog.snapshots_by_prefix("").size() == 4);
        CHECK(catalog.snapshots_by_prefix("%").empty());
    }
    SECTION("the last snapshots are those of the log's end, and the last active state") {
        CHECK(records_of(catalog.last_snapshots("b", 1)) == std::vector{b1_again});
        CHECK(records_of(catalog.last_snapshots("b", 2)) == std::vector{b1, b1_again});
        CHECK(records_of(catalog.last_snapshots("b", 9)) == std::vector{b2, b1, b1_again});
        CHECK(catalog.last_snapshots("c", 1).empty());
        SnapshotRecord inner = log.snapshot("b", 5), inner_2 = log.snapshot("b", 6);
        inner.source.snapshot = inner_2.source.snapshot = "before the update";
        REQUIRE(enter(catalog, log.commit({inner, inner_2}, {})));
        CHECK(records_of(catalog.last_snapshots("b", 1)) == std::vector{b1_again, inner_2});
        REQUIRE(enter(catalog, log.forget({b1_again.id})));
        CHECK(records_of(catalog.last_snapshots("b", 1)) == std::vector{b1, inner_2});
        REQUIRE(enter(catalog, log.forget({inner_2.id, b1.id})));
        CHECK(records_of(catalog.last_snapshots("b", 1)) == std::vector{b2, inner});
        REQUIRE(enter(catalog, log.forget({b2.id})));
        CHECK(records_of(catalog.last_snapshots("b", 3)) == std::vector{inner});
        REQUIRE(enter(catalog, log.forget({inner.id})));
        CHECK(catalog.last_snapshots("b", 3).empty());
    }
    SECTION("a forgotten snapshot is gone, and forgetting it again changes nothing") {
        REQUIRE(enter(catalog, log.forget({b1.id, a9.id})));
        REQUIRE(enter(catalog, log.forget({b1.id, log.id<SnapshotId>()})));
        CHECK(records_of(catalog.snapshots()) == std::vector{b1_again, b2});
        CHECK(catalog.snapshots("a/x").empty());
        CHECK(catalog.snapshots_by_prefix(b1.id.hex()).empty());
    }
    SECTION("tags are taken, then added") {
        REQUIRE(enter(catalog, log.tag(b1.id, {{"keep", "yes"}, {"why", "hand"}}, {"empty", "never there"})));
        REQUIRE(enter(catalog, log.tag(log.id<SnapshotId>(), {{"keep", "yes"}}, {})));
        SnapshotRecord tagged = b1;
        tagged.tags = {{"keep", "yes"}, {"why", "hand"}};
        CHECK(records_of(catalog.snapshots("b")) == std::vector{tagged, b1_again, b2});
    }
    SECTION("no entry brings a snapshot a second time") {
        const LogHead before = catalog.head();
        CHECK_THROWS_AS(enter(catalog, log.commit({b1}, {})), Error);
        CHECK(catalog.head() == before);
    }
}

inline void check_packs(Catalog& catalog, SampleLog& log) {
    const StoredPack data = log.data_pack(100), meta = log.metadata_pack(10);
    const ChunkId& chunk = data.slots->slots[42].id;

    SECTION("a committed pack is listed, its slots and its chunks are found") {
        REQUIRE(enter(catalog, log.commit({log.snapshot("a", 1)}, {data, meta})));
        REQUIRE(catalog.pack(data.facts.id));
        CHECK(catalog.pack(data.facts.id)->facts == data.facts);
        CHECK(catalog.pack(meta.facts.id)->state == PackState::committed);
        CHECK(catalog.packs().size() == 2);
        CHECK(*catalog.slots(data.facts.id) == *data.slots);
        CHECK(*catalog.slots(meta.facts.id) == *meta.slots);
        for (std::uint32_t i = 0; i < 100; ++i)
            CHECK(catalog.find_chunk(data.slots->slots[i].id) == ChunkAddress{data.facts.id, i});
        for (const Slot& slot : meta.slots->slots) CHECK_FALSE(catalog.find_chunk(slot.id));
        for (int i = 0; i < 1000; ++i) CHECK_FALSE(catalog.find_chunk(log.id<ChunkId>()));
    }
    SECTION("an unknown pack has no slots, and its addresses stay as they are") {
        CHECK_FALSE(catalog.pack(data.facts.id));
        CHECK_THROWS_AS(catalog.slots(data.facts.id), Error);
        CHECK(catalog.current({data.facts.id, 3}) == ChunkAddress{data.facts.id, 3});
    }
    SECTION("chunks of a durable pack are found before an entry names it, and after") {
        catalog.add_uncommitted({&data, 1});
        CHECK(catalog.pack(data.facts.id)->state == PackState::uncommitted);
        CHECK(catalog.find_chunk(chunk) == ChunkAddress{data.facts.id, 42});
        catalog.add_uncommitted({&data, 1});
        CHECK(catalog.packs().size() == 1);
        const SampleStep& step = log.commit({log.snapshot("a", 1)}, {data});
        REQUIRE(catalog.apply(step.before, step.record, {}, {}));
        CHECK(catalog.pack(data.facts.id)->state == PackState::committed);
        CHECK(catalog.find_chunk(chunk) == ChunkAddress{data.facts.id, 42});
        CHECK(*catalog.slots(data.facts.id) == *data.slots);
    }
    SECTION("an uncommitted pack that went away is forgotten, a committed one is not") {
        catalog.add_uncommitted({&data, 1});
        REQUIRE(enter(catalog, log.commit({log.snapshot("a", 1)}, {meta})));
        const std::vector<PackId> both{data.facts.id, meta.facts.id, log.id<PackId>()};
        catalog.drop_uncommitted(both);
        CHECK_FALSE(catalog.pack(data.facts.id));
        CHECK_FALSE(catalog.find_chunk(chunk));
        CHECK_THROWS_AS(catalog.slots(data.facts.id), Error);
        CHECK(catalog.packs().size() == 1);
        catalog.add_uncommitted({&data, 1});
        CHECK(catalog.find_chunk(chunk) == ChunkAddress{data.facts.id, 42});
    }
    SECTION("several chunks whose ids begin alike are distinguished") {
        std::vector<ChunkId> alike(5, log.id<ChunkId>());
        for (std::size_t i = 0; i < alike.size(); ++i) alike[i].bytes[31] = static_cast<std::byte>(i);
        const StoredPack pack = log.data_pack({alike.begin(), alike.end() - 1});
        REQUIRE(enter(catalog, log.commit({log.snapshot("a", 1)}, {pack})));
        for (std::uint32_t i = 0; i < 4; ++i) CHECK(catalog.find_chunk(alike[i]) == ChunkAddress{pack.facts.id, i});
        CHECK_FALSE(catalog.find_chunk(alike[4]));
    }
    SECTION("an entry may name a pack whose slot table is lost: later entries may condemn it") {
        const SampleStep& step = log.commit({log.snapshot("a", 1)}, {data});
        REQUIRE(catalog.apply(step.before, step.record, {}, {}));
        CHECK(catalog.pack(data.facts.id)->state == PackState::committed);
        CHECK_THROWS_AS(catalog.slots(data.facts.id), Error);
        CHECK_FALSE(catalog.find_chunk(chunk));
    }
}

inline void check_moves(Catalog& catalog, SampleLog& log) {
    const StoredPack a = log.data_pack(100), b = log.data_pack(100), c = log.data_pack(100);
    const PackId pa = a.facts.id, pb = b.facts.id, pc = c.facts.id;
    REQUIRE(enter(catalog, log.commit({log.snapshot("d", 1)}, {a})));
    CHECK(catalog.last_move() == 0);
    CHECK(catalog.current({pa, 5}) == ChunkAddress{pa, 5});

    SECTION("a moved slot is found in its new place, and what was not moved is gone") {
        REQUIRE(enter(catalog, log.move({{{{{pa, 10}, 20, {pb, 50}}, {{pa, 90}, 10, {pb, 0}}}}}, {b}, {pa})));
        CHECK(catalog.last_move() == 2);
        CHECK(catalog.current({pa, 10}) == ChunkAddress{pb, 50});
        CHECK(catalog.current({pa, 29}) == ChunkAddress{pb, 69});
        CHECK(catalog.current({pa, 99}) == ChunkAddress{pb, 9});
        CHECK_FALSE(catalog.current({pa, 9}));
        CHECK_FALSE(catalog.current({pa, 30}));
        CHECK_FALSE(catalog.current({pa, 89}));
        CHECK(catalog.pack(pa)->state == PackState::condemned);
        CHECK_FALSE(catalog.find_chunk(a.slots->slots[12].id));
        CHECK(catalog.find_chunk(b.slots->slots[12].id) == ChunkAddress{pb, 12});
    }
    SECTION("moves chain in log order") {
        REQUIRE(enter(catalog, log.move({one_run({pa, 0}, 100, {pb, 0})}, {b}, {pa})));
        REQUIRE(enter(catalog, log.commit({log.snapshot("d", 2)}, {})));
        REQUIRE(enter(catalog, log.move({one_run({pb, 20}, 10, {pc, 7})}, {c}, {pb})));
        CHECK(catalog.last_move() == 4);
        CHECK(catalog.current({pa, 25}) == ChunkAddress{pc, 12});
        CHECK(catalog.current({pb, 25}) == ChunkAddress{pc, 12});
        CHECK_FALSE(catalog.current({pa, 5}));
    }
    SECTION("many addresses at once lead where each leads alone") {
        REQUIRE(enter(catalog, log.move({one_run({pa, 0}, 50, {pb, 0})}, {b}, {pa})));
        REQUIRE(enter(catalog, log.commit({log.snapshot("d", 2)}, {c})));
        std::vector<ChunkAddress> addresses;
        for (std::uint32_t slot = 0; slot < 100; slot += 3)
            for (const PackId& pack : {pa, pb, pc}) addresses.push_back({pack, slot});
        const std::vector<std::optional<ChunkAddress>> now = catalog.all_current(addresses);
        REQUIRE(now.size() == addresses.size());
        for (std::size_t i = 0; i < now.size(); ++i) CHECK(now[i] == catalog.current(addresses[i]));
        CHECK(catalog.all_current({}).empty());
    }
    SECTION("each table applies once: there and back again ends") {
        REQUIRE(enter(catalog, log.move({one_run({pa, 1}, 1, {pb, 1})}, {b}, {})));
        CHECK(catalog.current({pa, 1}) == ChunkAddress{pb, 1});
        CHECK(catalog.find_chunk(a.slots->slots[1].id) == ChunkAddress{pb, 1});
        REQUIRE(enter(catalog, log.move({one_run({pb, 1}, 1, {pa, 1}), one_run({pa, 2}, 1, {pa, 3})}, {}, {})));
        CHECK(catalog.current({pa, 1}) == ChunkAddress{pa, 1});
        CHECK(catalog.current({pb, 1}) == ChunkAddress{pa, 1});
        CHECK(catalog.current({pa, 2}) == ChunkAddress{pa, 3});
    }
    SECTION("the tables of one entry apply in their order") {
        REQUIRE(enter(catalog, log.move({one_run({pa, 1}, 1, {pb, 1}), one_run({pb, 1}, 1, {pc, 1})}, {b, c}, {})));
        CHECK(catalog.current({pa, 1}) == ChunkAddress{pc, 1});
        REQUIRE(enter(catalog, log.move({one_run({pb, 8}, 1, {pc, 8}), one_run({pa, 8}, 1, {pb, 8})}, {}, {})));
        CHECK(catalog.current({pa, 8}) == ChunkAddress{pb, 8});
    }
    SECTION("a patch is found only as long as its base is present") {
        const StoredPack patches = log.patch_pack({{pa, 7}, {pa, 8}});
        REQUIRE(enter(catalog, log.commit({log.snapshot("d", 2)}, {patches})));
        const ChunkId first = patches.slots->slots[0].id, second = patches.slots->slots[1].id;
        CHECK(catalog.find_chunk(first) == ChunkAddress{patches.facts.id, 0});
        REQUIRE(enter(catalog, log.move({one_run({pa, 7}, 1, {pb, 0})}, {b}, {pa})));
        CHECK(catalog.find_chunk(first) == ChunkAddress{patches.facts.id, 0});
        CHECK_FALSE(catalog.find_chunk(second));
    }
    SECTION("an orphan that an entry condemned is never taken up again") {
        catalog.add_uncommitted({&b, 1});
        REQUIRE(enter(catalog, log.move({}, {}, {pb, pc})));
        CHECK(catalog.pack(pb)->state == PackState::condemned);
        CHECK(catalog.pack(pc)->state == PackState::condemned);
        const std::vector<StoredPack> orphans{b, c};
        catalog.add_uncommitted(orphans);
        CHECK(catalog.pack(pc)->state == PackState::condemned);
        CHECK_FALSE(catalog.find_chunk(b.slots->slots[0].id));
        CHECK_FALSE(catalog.find_chunk(c.slots->slots[0].id));
        CHECK_FALSE(catalog.current({pb, 0}));
    }
}

inline void check_log(Catalog& catalog, SampleLog& log) {
    const StoredPack data = log.data_pack(10);
    CHECK(catalog.head() == log.genesis());

    SECTION("an entry that does not follow the head changes nothing") {
        const SampleStep first = log.commit({log.snapshot("a", 1)}, {data}),
                         second = log.commit({log.snapshot("a", 2)}, {});
        CHECK_FALSE(enter(catalog, second));
        CHECK(catalog.head() == log.genesis());
        CHECK(enter(catalog, first));
        CHECK_FALSE(enter(catalog, first));
        CHECK(enter(catalog, second));
        CHECK(catalog.head() == second.record.head);
        CHECK(catalog.snapshots().size() == 2);
    }
    SECTION("a replaced catalog knows nothing, and the log can be read again") {
        const StoredPack other = log.data_pack(10);
        REQUIRE(enter(catalog, log.commit({log.snapshot("a", 1)}, {data})));
        REQUIRE(
            enter(catalog, log.move({one_run({data.facts.id, 0}, 10, {other.facts.id, 0})}, {other}, {data.facts.id})));
        catalog.replace(log.genesis(), [&](Catalog& fresh) {
            CHECK(fresh.head() == log.genesis());
            CHECK(catalog.head() == log.head());  // the old one answers until the new one is complete
        });
        CHECK(catalog.head() == log.genesis());
        CHECK(catalog.last_move() == 0);
        CHECK(catalog.snapshots().empty());
        CHECK(catalog.packs().empty());
        CHECK_FALSE(catalog.find_chunk(other.slots->slots[0].id));
        CHECK(catalog.current({data.facts.id, 0}) == ChunkAddress{data.facts.id, 0});
        for (const SampleStep& step : log.steps()) REQUIRE(enter(catalog, step));
        CHECK(catalog.head() == log.head());
        CHECK(catalog.find_chunk(other.slots->slots[3].id) == ChunkAddress{other.facts.id, 3});
        CHECK(catalog.current({data.facts.id, 4}) == ChunkAddress{other.facts.id, 4});
    }
    SECTION("a new catalog takes the place of the old one when it is complete, or not at all") {
        REQUIRE(enter(catalog, log.commit({log.snapshot("a", 1)}, {data})));
        const auto read_log = [&](Catalog& fresh) {
            for (const SampleStep& step : log.steps()) {
                CHECK(catalog.snapshots().size() == 1);
                REQUIRE(enter(fresh, step));
            }
        };
        const auto fail = [&](Catalog& fresh) {
            read_log(fresh);
            throw Error(ErrorCode::corrupt, "an unreadable entry");
        };
        CHECK_THROWS_AS(catalog.replace(log.genesis(), fail), Error);
        CHECK(catalog.head() == log.head());
        CHECK(catalog.find_chunk(data.slots->slots[3].id) == ChunkAddress{data.facts.id, 3});
        catalog.replace(log.genesis(), read_log);
        CHECK(catalog.head() == log.head());
        CHECK(catalog.find_chunk(data.slots->slots[3].id) == ChunkAddress{data.facts.id, 3});
    }
    SECTION("many threads may ask at once") {
        REQUIRE(enter(catalog, log.commit({log.snapshot("a", 1)}, {data})));
        std::vector<int> found(4);
        {
            std::vector<std::jthread> threads;
            for (std::size_t t = 0; t < found.size(); ++t)
                threads.emplace_back([&catalog, &data, &found, t] {
                    for (std::uint32_t i = 0; i < 1000; ++i) {
                        const auto at = catalog.find_chunk(data.slots->slots[i % 10].id);
                        if (at && catalog.current(*at) == at && catalog.slots(at->pack)->slots.size() == 10) ++found[t];
                    }
                });
        }
        CHECK(found == std::vector<int>(4, 1000));
    }
}

/// The suite. Call it in a test case, as it has sections.
inline void check_catalog(const CatalogFactory& make) {
    SampleLog log(1);
    const std::unique_ptr<Catalog> catalog = make(log.repository(), log.genesis());
    SECTION("snapshots") { check_snapshots(*catalog, log); }
    SECTION("packs") { check_packs(*catalog, log); }
    SECTION("moves") { check_moves(*catalog, log); }
    SECTION("log") { check_log(*catalog, log); }
}

}  // namespace varve::contract
