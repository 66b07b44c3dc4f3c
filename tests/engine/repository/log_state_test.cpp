// The state of the log is the same however the log is read, and says what a catalog that applied each entry says.

#include "engine/repository/log_state.h"

#include "catalog/sqlite_catalog.h"
#include "engine/base/error.h"
#include "tests/catalog/random_log.h"
#include "tests/catch.h"

using namespace varve;

namespace {

std::vector<std::tuple<SnapshotRecord, LogNumber, std::uint32_t, std::string>> snapshots_of(const LogState& state) {
    std::vector<std::tuple<SnapshotRecord, LogNumber, std::uint32_t, std::string>> all;
    for (const auto& [number, commit] : state.commits)
        for (const auto& [position, record] : commit.snapshots) all.emplace_back(record, number, position, commit.host);
    return all;
}

std::vector<std::tuple<SnapshotRecord, LogNumber, std::uint32_t, std::string>> snapshots_of(const Catalog& catalog) {
    std::vector<std::tuple<SnapshotRecord, LogNumber, std::uint32_t, std::string>> all;
    for (const ListedSnapshot& s : catalog.snapshots()) all.emplace_back(s.record, s.commit, s.position, s.host);
    std::ranges::sort(all, {}, [](const auto& s) { return std::pair(std::get<1>(s), std::get<2>(s)); });
    return all;
}

void require_equal(const LogState& state, const Catalog& catalog) {
    REQUIRE(state.head == catalog.head());
    REQUIRE(state.last_move == catalog.last_move());
    REQUIRE(snapshots_of(state) == snapshots_of(catalog));
    std::size_t live = 0;
    for (const auto& [id, commit] : state.commit_of)
        for (const auto& [position, record] : state.commits.at(commit).snapshots) live += record.id == id ? 1u : 0u;
    REQUIRE(live == snapshots_of(state).size());
    std::map<PackId, PackFacts> committed;
    std::set<PackId> condemned;
    for (const ListedPack& pack : catalog.packs())
        if (pack.state == PackState::condemned)
            condemned.insert(pack.facts.id);
        else
            committed[pack.facts.id] = pack.facts;
    REQUIRE(condemned == state.condemned);
    REQUIRE(committed.size() == state.packs.size());
    for (const auto& [id, pack] : state.packs) REQUIRE(committed.at(id) == pack.facts);
}

}  // namespace

TEST_CASE("log state: it says what a catalog that read the same entries says", "[engine][log]") {
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
        LogState state = state_at(SampleLog(seed).genesis());
        const auto catalog = open_memory_catalog(SampleLog(seed).repository(), state.head);
        make_random_log(seed, 80, 4, [&](const SampleStep& step) {
            state.apply(step.record);
            REQUIRE(enter(*catalog, step));
            require_equal(state, *catalog);
        });
    }
}

TEST_CASE("log state: a move table is in force until its pack is condemned, and keeps its number", "[engine][log]") {
    SampleLog log(1);
    LogState state = state_at(log.genesis());
    const PackId first = log.id<PackId>(), second = log.id<PackId>(), gone = log.id<PackId>();
    const auto move = [&](std::vector<ChunkAddress> tables, std::vector<PackId> condemned) {
        LogRecord record{{state.head.number + 1, log.id<Digest>()}, {}};
        record.entry.body = MoveEntry{std::move(tables), {}, std::move(condemned)};
        state.apply(record);
    };
    move({{first, 1}, {second, 2}, {gone, 3}}, {gone});
    REQUIRE(state.tables == std::vector<MoveTableInForce>{{1, 1, {first, 1}}, {2, 1, {second, 2}}});
    move({{second, 4}}, {first});
    REQUIRE(state.tables == std::vector<MoveTableInForce>{{2, 1, {second, 2}}, {4, 2, {second, 4}}});
    REQUIRE(state.move_tables == 4);
    REQUIRE(state.condemned == std::set{first, gone});
}

TEST_CASE("log state: a condemned pack does not come back when a later entry names it", "[engine][log]") {
    SampleLog log(2);
    LogState state = state_at(log.genesis());
    const StoredPack pack = log.data_pack(3);
    state.apply(log.move({}, {}, {pack.facts.id}).record);
    state.apply(log.commit({log.snapshot("a", 1)}, {pack}).record);
    REQUIRE(state.packs.empty());
    REQUIRE(state.condemned == std::set{pack.facts.id});
}

TEST_CASE("log state: an entry that contradicts an earlier one is corrupt", "[engine][log]") {
    SampleLog log(3);
    LogState state = state_at(log.genesis());
    const SnapshotRecord snapshot = log.snapshot("a", 1);
    StoredPack pack = log.data_pack(3);
    state.apply(log.commit({snapshot}, {pack}).record);
    LogState again = state;
    const auto code_of = [](const auto& call) {
        try {
            call();
        } catch (const Error& error) {
            return std::optional(error.code());
        }
        return std::optional<ErrorCode>();
    };
    REQUIRE(code_of([&] { again.apply(log.commit({snapshot}, {}).record); }) == ErrorCode::corrupt);
    SampleLog other(3);
    other.commit({other.snapshot("a", 1)}, {});
    pack.facts.size.value += 1;
    REQUIRE(code_of([&] { state.apply(other.commit({other.snapshot("b", 2)}, {pack}).record); }) == ErrorCode::corrupt);
}
