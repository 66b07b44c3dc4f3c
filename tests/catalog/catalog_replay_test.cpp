// The same log yields the same catalog, however it is read.

#include "catalog/sqlite_catalog.h"
#include "engine/repository/log_state.h"
#include "tests/catalog/dump_catalog.h"
#include "tests/catalog/random_log.h"
#include "tests/catch.h"
#include "tests/contract/catalog_contract.h"
#include "tests/fakes/temporary_folder.h"

namespace varve {
namespace {

/// last_snapshots() as its contract defines it, from all snapshots of the disk.
std::vector<ListedSnapshot> expected_last(const Catalog& catalog, const std::string& disk, std::size_t count) {
    std::vector<ListedSnapshot> all = catalog.snapshots(disk);
    std::ranges::sort(all, {}, [](const ListedSnapshot& s) { return std::pair(s.commit, s.position); });
    const std::size_t begin = all.size() - std::min(count, all.size());
    std::vector<ListedSnapshot> last;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const bool is_last_active = is_active_state(all[i].record) &&
                                    std::none_of(all.begin() + static_cast<std::ptrdiff_t>(i) + 1, all.end(),
                                                 [](const ListedSnapshot& s) { return is_active_state(s.record); });
        if (i >= begin || is_last_active) last.push_back(all[i]);
    }
    return last;
}

void check_last_snapshots(const Catalog& catalog) {
    for (const std::string disk : {"vm0", "vm1", "vm2", "none"})
        for (const std::size_t count : {0u, 1u, 2u, 5u, 1000u})
            CHECK(contract::records_of(catalog.last_snapshots(disk, count)) ==
                  contract::records_of(expected_last(catalog, disk, count)));
}

/// A host that wrote the log itself: it knew packs before their entries, found orphans, and closed now and then.
RandomLog live_host(const std::filesystem::path& folder, std::uint64_t seed) {
    std::unique_ptr<Catalog> catalog;
    SampleLog strangers(seed + 1000);
    return make_random_log(seed, 120, 60, [&](const SampleStep& step) {
        if (!catalog || step.record.head.number % 25 == 0) {
            catalog.reset();
            const SampleLog same(seed);
            catalog = open_sqlite_catalog(folder, same.repository(), same.genesis());
            check_last_snapshots(*catalog);
        }
        const std::vector<StoredPack> orphans{strangers.data_pack(20), strangers.data_pack(5)};
        catalog->add_uncommitted(orphans);
        if (step.record.head.number % 2 == 0) catalog->add_uncommitted(step.packs);
        REQUIRE(enter(*catalog, step));
        const std::vector<PackId> gone{orphans[0].facts.id};
        catalog->drop_uncommitted(gone);
    });
}

/// A host that reads the log later: packs that a later entry condemned are gone from the repository, and their tables.
void replay(Catalog& catalog, const RandomLog& made) {
    for (SampleStep step : made.log.steps()) {
        std::erase_if(step.packs, [&](const StoredPack& pack) {
            return std::any_of(made.condemned.begin(), made.condemned.end(),
                               [&](const StoredPack& gone) { return gone.facts == pack.facts; });
        });
        REQUIRE(enter(catalog, step));
    }
}

void check_answers(const Catalog& catalog, const RandomLog& made) {
    for (const StoredPack& pack : made.live) {
        CHECK(*catalog.slots(pack.facts.id) == *pack.slots);
        for (std::uint32_t i = 0; i < pack.slots->slots.size(); ++i)
            if (catalog.find_chunk(pack.slots->slots[i].id) != ChunkAddress{pack.facts.id, i})
                FAIL("a chunk is not found in its place");
    }
    for (const StoredPack& pack : made.condemned)
        for (const Slot& slot : pack.slots->slots)
            if (catalog.find_chunk(slot.id)) FAIL("a chunk is found in a condemned pack");
    CHECK(catalog.snapshots().size() == made.snapshots.size());
    check_last_snapshots(catalog);
}

}  // namespace

TEST_CASE("catalog: a replayed log yields the same view, row by row", "[catalog]") {
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
        const TemporaryFolder folder;
        const RandomLog made = live_host(folder.path() / "a", seed);
        const auto fresh = open_sqlite_catalog(folder.path() / "b", made.log.repository(), made.log.genesis());
        replay(*fresh, made);
        check_answers(*fresh, made);
        const std::string expected = dump_catalog(folder.path() / "a");
        CHECK(expected.size() > 10'000);
        CHECK(dump_catalog(folder.path() / "b") == expected);

        const auto same = open_sqlite_catalog(folder.path() / "a", made.log.repository(), made.log.genesis());
        check_answers(*same, made);
        same->replace(made.log.genesis(), [&](Catalog& again) { replay(again, made); });
        check_answers(*same, made);
        CHECK(dump_catalog(folder.path() / "a") == expected);
    }
}

TEST_CASE("catalog: loading a state of the log yields what reading its entries yields, row by row, but for the history",
          "[catalog]") {
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
        const TemporaryFolder folder;
        const RandomLog made = live_host(folder.path() / "a", seed);
        const std::size_t loaded_steps = made.log.steps().size() * (seed - 1) / 2;  // none, half, all
        LogState state = state_at(made.log.genesis());
        std::map<PackId, StoredPack> packs;
        std::vector<MoveTable> tables;
        for (std::size_t i = 0; i < loaded_steps; ++i) {
            const SampleStep& step = made.log.steps()[i];
            state.apply(step.record);
            for (const StoredPack& pack : step.packs) packs.emplace(pack.facts.id, pack);
            tables.insert(tables.end(), step.tables.begin(), step.tables.end());
        }
        const auto fresh = open_sqlite_catalog(folder.path() / "b", made.log.repository(), made.log.genesis());
        for (const auto& [id, pack] : state.packs) fresh->add_uncommitted({&packs.at(id), 1});
        fresh->load(state, tables);
        for (std::size_t i = loaded_steps; i < made.log.steps().size(); ++i)
            REQUIRE(enter(*fresh, made.log.steps()[i]));
        check_answers(*fresh, made);
        CHECK(dump_catalog(folder.path() / "b", DumpScope::without_history) ==
              dump_catalog(folder.path() / "a", DumpScope::without_history));
    }
}

TEST_CASE("catalog: another object of the same catalog sees each step at once", "[catalog]") {
    const TemporaryFolder folder;
    const SampleLog same(7);
    const auto writer = open_sqlite_catalog(folder.path() / "a", same.repository(), same.genesis());
    const auto reader = open_sqlite_catalog(folder.path() / "a", same.repository(), same.genesis());
    const RandomLog made = make_random_log(7, 60, 60, [&](const SampleStep& step) {
        REQUIRE(enter(*writer, step));
        for (const StoredPack& pack : step.packs)
            if (pack.facts.kind == PackKind::data)
                REQUIRE(reader->find_chunk(pack.slots->slots[0].id) == ChunkAddress{pack.facts.id, 0});
        if (const auto* move = std::get_if<MoveEntry>(&step.record.entry.body)) {
            REQUIRE(reader->current({move->condemned[0], 0}) == ChunkAddress{step.packs[0].facts.id, 0});
            REQUIRE(reader->last_move() == step.record.head.number);
        }
        REQUIRE(reader->head() == step.record.head);
    });
    check_answers(*reader, made);
    std::uint64_t number = 0;
    for (const SampleStep& step : made.log.steps())
        for (const MoveTable& table : step.tables) REQUIRE(reader->moves(++number) == table.runs);
    REQUIRE(number > 0);
    REQUIRE(reader->moves(number + 1).empty());
}

}  // namespace varve
