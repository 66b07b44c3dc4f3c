// The id index as it grows through the catalog: runs are merged and stay few, filters can be lost, dead entries go.

#include <fstream>

#include <sqlite3.h>

#include "catalog/index_run.h"
#include "catalog/sqlite_catalog.h"
#include "tests/catch.h"
#include "tests/fakes/sample_log.h"
#include "tests/fakes/temporary_folder.h"

namespace varve {
namespace {

using Path = std::filesystem::path;

/// The first number that a query returns, over a separate connection.
std::int64_t number_of(const Path& folder, const std::string& sql) {
    SqliteDatabase database(folder / "catalog.sqlite", 1024);
    SqliteQuery row = database.query(sql);
    return row.step() ? row.integer(0) : -1;
}

std::vector<Path> filter_files(const Path& folder) {
    std::vector<Path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().filename().string().starts_with("ids-")) files.push_back(entry.path());
    return files;
}

bool finds_all(const Catalog& catalog, const std::vector<StoredPack>& packs) {
    for (const StoredPack& pack : packs)
        for (std::uint32_t i = 0; i < pack.slots->slots.size(); i += 7)
            if (catalog.find_chunk(pack.slots->slots[i].id) != ChunkAddress{pack.facts.id, i}) return false;
    return true;
}

bool finds_none(const Catalog& catalog, SampleLog& log) {
    for (int i = 0; i < 20'000; ++i)
        if (catalog.find_chunk(log.id<ChunkId>())) return false;
    return true;
}

/// A catalog with `count` uncommitted packs of 2048 chunks.
struct Filled {
    explicit Filled(int count) : log(1), catalog(open()) {
        for (int i = 0; i < count; ++i) {
            packs.push_back(log.data_pack(2048));
            catalog->add_uncommitted({&packs.back(), 1});
        }
    }
    std::unique_ptr<Catalog> open() const {
        return open_sqlite_catalog(folder.path(), log.repository(), log.genesis());
    }

    TemporaryFolder folder;
    SampleLog log;
    std::vector<StoredPack> packs;
    std::unique_ptr<Catalog> catalog;
};

}  // namespace

TEST_CASE("id index: many packs make few runs, and every chunk is found", "[catalog]") {
    Filled filled(70);
    CHECK(finds_all(*filled.catalog, filled.packs));
    CHECK(finds_none(*filled.catalog, filled.log));
    CHECK(number_of(filled.folder.path(), "SELECT count(*) FROM id_runs") <= 12);
    CHECK(number_of(filled.folder.path(), "SELECT sum(entries) FROM id_runs") == 70 * 2048);
    CHECK(filter_files(filled.folder.path()).size() == 1);
    filled.catalog.reset();
    const auto again = filled.open();
    CHECK(finds_all(*again, filled.packs));
    CHECK(finds_none(*again, filled.log));
}

TEST_CASE("id index: a filter file that is lost, torn or another run's never hides a chunk", "[catalog]") {
    Filled filled(70);
    const Path folder = filled.folder.path();
    filled.catalog.reset();
    const std::vector<Path> files = filter_files(folder);
    REQUIRE(files.size() == 1);
    SECTION("lost") { std::filesystem::remove(files[0]); }
    SECTION("torn") { std::filesystem::resize_file(files[0], std::filesystem::file_size(files[0]) / 2); }
    SECTION("empty") { std::filesystem::resize_file(files[0], 0); }
    SECTION("of another run") {
        const std::uint64_t key = 0x1234;
        IdFilterBuilder(1000).finish_in_file(filter_file(folder, key), key);
        std::filesystem::rename(filter_file(folder, key), files[0]);
    }
    const auto again = filled.open();
    CHECK(finds_all(*again, filled.packs));
    CHECK(finds_none(*again, filled.log));
    CHECK(std::filesystem::file_size(files[0]) > 64 * 1024);
}

TEST_CASE("id index: filter files of removed runs are deleted", "[catalog]") {
    Filled filled(70);
    const Path folder = filled.folder.path();
    std::ofstream(folder / "ids-00000000deadbeef.filter") << "old";
    std::ofstream(folder / "ids-00000000deadbeef.filter.0123.tmp") << "draft";
    filled.packs.push_back(filled.log.data_pack(10));
    filled.catalog->add_uncommitted({&filled.packs.back(), 1});
    CHECK(filter_files(folder).size() == 1);
    filled.catalog->replace(filled.log.genesis(), [](Catalog&) {});
    CHECK(filter_files(folder).empty());
}

TEST_CASE("id index: entries of condemned and dropped packs are eventually purged", "[catalog]") {
    Filled filled(90);
    Catalog& catalog = *filled.catalog;
    std::vector<PackId> gone;
    for (std::size_t i = 0; i < 80; ++i) gone.push_back(filled.packs[i].facts.id);
    REQUIRE(enter(catalog, filled.log.move({}, {}, {gone.begin(), gone.begin() + 40})));
    catalog.drop_uncommitted({gone.data() + 40, 40});
    const std::vector<StoredPack> left(filled.packs.begin() + 80, filled.packs.end());
    for (int i = 0; i < 10; ++i) {
        const StoredPack pack = filled.log.data_pack(16);
        REQUIRE(enter(catalog, filled.log.commit({filled.log.snapshot("a", i)}, {pack})));
    }
    CHECK(finds_all(catalog, left));
    CHECK_FALSE(catalog.find_chunk(filled.packs[0].slots->slots[0].id));
    CHECK(number_of(filled.folder.path(), "SELECT sum(entries) FROM id_runs") < 2 * 10 * 2048 + 80'000);
}

TEST_CASE("id index: a chunk in several packs is found as long as one of them remains", "[catalog]") {
    Filled filled(0);
    const std::vector<ChunkId> ids(3, filled.log.id<ChunkId>());
    const StoredPack a = filled.log.data_pack({ids[0]}), b = filled.log.data_pack({ids[0]}),
                     c = filled.log.data_pack(ids);
    Catalog& catalog = *filled.catalog;
    REQUIRE(enter(catalog, filled.log.commit({filled.log.snapshot("a", 1)}, {a, b, c})));
    for (const PackId& id : {a.facts.id, c.facts.id, b.facts.id}) {
        REQUIRE(catalog.find_chunk(ids[0]));
        REQUIRE(enter(catalog, filled.log.move({}, {}, {id})));
    }
    CHECK_FALSE(catalog.find_chunk(ids[0]));
}

TEST_CASE("id index: a run's pages for a tag are those that can contain it", "[catalog]") {
    const IndexRun run(1, 5 * index_page_entries, 0, {10, 20, 20, 20, 30});
    const auto pages = [&](IdTag tag) { return std::pair(run.pages_of(tag).begin, run.pages_of(tag).end); };
    CHECK(pages(9) == std::pair<std::size_t, std::size_t>(0, 0));
    CHECK(pages(10) == std::pair<std::size_t, std::size_t>(0, 1));
    CHECK(pages(15) == std::pair<std::size_t, std::size_t>(0, 1));
    CHECK(pages(20) == std::pair<std::size_t, std::size_t>(0, 4));
    CHECK(pages(25) == std::pair<std::size_t, std::size_t>(3, 4));
    CHECK(pages(30) == std::pair<std::size_t, std::size_t>(3, 5));
    CHECK(pages(~IdTag{0}) == std::pair<std::size_t, std::size_t>(4, 5));
}

}  // namespace varve
