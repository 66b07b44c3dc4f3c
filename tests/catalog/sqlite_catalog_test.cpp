#include "catalog/sqlite_catalog.h"

#include <sys/stat.h>
#include <unistd.h>
#include <fstream>

#include "catalog/sqlite.h"
#include "engine/base/error.h"
#include "tests/contract/catalog_contract.h"
#include "tests/fakes/temporary_folder.h"

namespace varve {
namespace {

using Path = std::filesystem::path;

std::unique_ptr<Catalog> open(const Path& folder, const SampleLog& log) {
    return open_sqlite_catalog(folder, log.repository(), log.genesis());
}

void execute(const Path& folder, const std::string& sql) {
    SqliteDatabase(folder / "catalog.sqlite", 1024).execute(sql);
}

mode_t mode_of(const Path& file) {
    struct stat status {};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

template <typename Call>
bool is_reported_damaged(const Call& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.code() == ErrorCode::catalog_damaged;
    }
    return false;
}

}  // namespace

TEST_CASE("catalog: the SQLite catalog keeps the contract of Catalog", "[catalog][pipeline]") {
    const TemporaryFolder folder;
    contract::check_catalog([&](const RepositoryId& repository, const LogHead& genesis) {
        return open_sqlite_catalog(folder.path() / "cache", repository, genesis);
    });
}

TEST_CASE("catalog: the catalog in memory keeps the contract of Catalog", "[catalog][pipeline]") {
    contract::check_catalog([&](const RepositoryId& repository, const LogHead& genesis) {
        return open_memory_catalog(repository, genesis);
    });
}

TEST_CASE("catalog: a folder that others own or can write to is refused", "[catalog]") {
    const TemporaryFolder folder;
    const Path cache = folder.path() / "cache", path = cache / "a";
    const SampleLog log(1);
    (void)open(path, log);
    const auto is_refused = [&] {
        try {
            (void)open(path, log);
        } catch (const Error& error) {
            return error.code() == ErrorCode::refused;
        }
        return false;
    };
    CHECK_FALSE(is_refused());
    for (const Path& changed : {cache, path}) {
        for (const mode_t mode : {0770U, 0707U, 0720U, 0702U}) {
            REQUIRE(::chmod(changed.c_str(), mode) == 0);
            INFO(changed << " " << mode);
            CHECK(is_refused());
            CHECK_THROWS_AS(replace_sqlite_catalog(path, log.repository(), log.genesis(), [](Catalog&) {}), Error);
        }
        REQUIRE(::chmod(changed.c_str(), 0755) == 0);
        CHECK_FALSE(is_refused());
    }
    REQUIRE(::chmod(cache.c_str(), 01777) == 0);
    CHECK_FALSE(is_refused());
    REQUIRE(::chmod(path.c_str(), 01777) == 0);
    CHECK(is_refused());
    REQUIRE(::chmod(path.c_str(), 0700) == 0);
    if (::geteuid() == 0) {
        for (const Path& changed : {cache, path}) {
            REQUIRE(::chown(changed.c_str(), 1234, 1234) == 0);
            CHECK(is_refused());
            REQUIRE(::chown(changed.c_str(), 0, 0) == 0);
        }
    }
    std::filesystem::rename(path, folder.path() / "elsewhere");
    std::filesystem::create_directory_symlink(folder.path() / "elsewhere", path);
    CHECK(is_refused());
}

TEST_CASE("catalog: what else is in its folder stays when it is replaced", "[catalog]") {
    const TemporaryFolder folder;
    const Path path = folder.path() / "a";
    const SampleLog log(1);
    const auto catalog = open(path, log);
    std::ofstream(path / "other") << "kept";
    catalog->replace(log.genesis(), [](Catalog&) {});
    CHECK(std::filesystem::file_size(path / "other") == 4);
}

TEST_CASE("catalog: opening it and asking about one pack reads the same after a long history", "[catalog]") {
    const auto bytes_read = [] {
        std::ifstream io("/proc/self/io");
        std::string name;
        std::uint64_t bytes = 0;
        io >> name >> bytes;
        return name == "rchar:" ? bytes : 0;
    };
    if (bytes_read() == 0) return;  // the kernel does not count what a process reads
    const TemporaryFolder folder;
    const Path path = folder.path() / "a";
    SampleLog log(1);
    std::vector<StoredPack> packs;
    const auto grow = [&](std::size_t entries) {
        const auto catalog = open(path, log);
        for (std::size_t i = 0; i < entries; ++i) {
            packs.push_back(log.data_pack(3));
            REQUIRE(
                enter(*catalog, log.commit({log.snapshot("d", static_cast<TimeNs>(packs.size()))}, {packs.back()})));
        }
    };
    const auto cost = [&] {
        const std::uint64_t before = bytes_read();
        const auto catalog = open(path, log);
        CHECK(catalog->head() == log.head());
        CHECK(catalog->pack(packs[0].facts.id));
        CHECK(catalog->last_move() == 0);
        CHECK(catalog->slots(packs[1].facts.id)->slots.size() == 3);
        CHECK(catalog->find_chunk(packs[2].slots->slots[1].id) == ChunkAddress{packs[2].facts.id, 1});
        return bytes_read() - before;
    };
    grow(20);
    const std::uint64_t few = cost();
    grow(1200);
    const std::uint64_t many = cost();
    INFO(few << " bytes after 20 entries, " << many << " after 1220");
    // Deeper trees, and the pages of the index that one look-up reads; all rows of packs would be 400 KiB more.
    CHECK(many < few + 20 * 16384);
}

TEST_CASE("catalog: a lost row of a pack is noticed, however it is asked for", "[catalog]") {
    const TemporaryFolder folder;
    const Path path = folder.path() / "a";
    SampleLog log(1);
    const StoredPack a = log.data_pack(20), b = log.data_pack(20);
    REQUIRE(enter(*open(path, log), log.commit({log.snapshot("d", 1)}, {a, b})));
    const auto ask_for_a = [&] { open(path, log)->pack(a.facts.id); };
    const auto ask_for_all = [&] { open(path, log)->packs(); };
    const auto find_a_chunk = [&] { open(path, log)->find_chunk(a.slots->slots[0].id); };
    const auto name_it_again = [&] { open(path, log)->add_uncommitted({&a, 1}); };
    REQUIRE_NOTHROW(ask_for_a());
    REQUIRE_NOTHROW(ask_for_all());
    const std::string of_a = " WHERE id = '" + a.facts.id.hex() + "'";
    SECTION("the row") { execute(path, "DELETE FROM packs" + of_a); }
    SECTION("the row, moved to another id") { execute(path, "UPDATE packs SET id = 'ffff'" + of_a); }
    SECTION("the row and its bucket") { execute(path, "DELETE FROM packs" + of_a + "; DELETE FROM pack_buckets"); }
    CHECK(is_reported_damaged(ask_for_a));
    CHECK(is_reported_damaged(ask_for_all));
    CHECK(is_reported_damaged(find_a_chunk));
    CHECK(is_reported_damaged(name_it_again));
}

TEST_CASE("catalog: entries persist after it is closed", "[catalog]") {
    const TemporaryFolder folder;
    SampleLog log(1);
    const StoredPack pack = log.data_pack(50);
    REQUIRE(enter(*open(folder.path() / "a", log), log.commit({log.snapshot("d", 1)}, {pack})));
    const auto again = open(folder.path() / "a", log);
    CHECK(again->head() == log.head());
    CHECK(again->snapshots().size() == 1);
    CHECK(again->find_chunk(pack.slots->slots[7].id) == ChunkAddress{pack.facts.id, 7});
}

TEST_CASE("catalog: only the owner can access folder and files", "[catalog]") {
    const TemporaryFolder folder;
    const mode_t before = ::umask(0);
    const auto catalog = open(folder.path() / "x" / "y", SampleLog(1));
    ::umask(before);
    CHECK(mode_of(folder.path() / "x") == 0700);
    CHECK(mode_of(folder.path() / "x" / "y") == 0700);
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path() / "x" / "y")) {
        CHECK(mode_of(entry.path()) == 0600);
        ++files;
    }
    CHECK(files == 4);
}

TEST_CASE("catalog: a catalog of another repository, version or kind is damaged, and can be removed", "[catalog]") {
    const TemporaryFolder folder;
    const Path path = folder.path() / "a";
    SampleLog log(1);
    REQUIRE(enter(*open(path, log), log.commit({log.snapshot("d", 1)}, {})));
    CHECK(is_reported_damaged([&] { open(path, SampleLog(2)); }));
    SECTION("a database of another version") { execute(path, "PRAGMA user_version = 1"); }
    SECTION("a database of another program") { execute(path, "PRAGMA application_id = 1"); }
    SECTION("an extra table") { execute(path, "CREATE TABLE more (x)"); }
    SECTION("a missing table") { execute(path, "DROP TABLE tags"); }
    SECTION("an extra column") { execute(path, "ALTER TABLE log ADD COLUMN x"); }
    SECTION("a file that is not an SQLite database") {
        std::ofstream(path / "catalog.sqlite") << std::string(100'000, 'x');
    }
    SECTION("a file that is too short for one") { std::ofstream(path / "catalog.sqlite") << "SQLite format 3"; }
    CHECK(is_reported_damaged([&] { open(path, log); }));
    remove_sqlite_catalog(path);
    CHECK(open(path, log)->head() == log.genesis());
    remove_sqlite_catalog(path);
    remove_sqlite_catalog(folder.path() / "never there");
}

TEST_CASE("catalog: a changed row is damage", "[catalog]") {
    const TemporaryFolder folder;
    const Path path = folder.path() / "a";
    SampleLog log(1);
    const StoredPack a = log.data_pack(20), b = log.data_pack(20);
    {
        const auto catalog = open(path, log);
        REQUIRE(enter(*catalog, log.commit({log.snapshot("d", 1), log.snapshot("e", 1)}, {a})));
        REQUIRE(enter(*catalog, log.move({one_run({a.facts.id, 0}, 10, {b.facts.id, 0})}, {b}, {})));
    }
    const auto ask = [&] {
        const auto catalog = open(path, log);
        catalog->snapshots();
        catalog->slots(a.facts.id);
        catalog->current({a.facts.id, 0});
        for (const Slot& slot : b.slots->slots) catalog->find_chunk(slot.id);
    };
    REQUIRE_NOTHROW(ask());
    SECTION("a fingerprint") {
        execute(path,
                "UPDATE slot_tables SET bytes = CAST(substr(bytes, 1, 300) || x'5a' || substr(bytes, 302) AS BLOB) "
                "WHERE pack = 1");
    }
    SECTION("the slot table of another pack") {
        execute(path, "UPDATE slot_tables SET bytes = (SELECT bytes FROM slot_tables WHERE pack = 2)");
    }
    SECTION("a missing slot table") { execute(path, "DELETE FROM slot_tables WHERE pack = 1"); }
    SECTION("a snapshot's size") { execute(path, "UPDATE snapshots SET size = size + 1 WHERE disk = 'e'"); }
    SECTION("a missing snapshot") { execute(path, "DELETE FROM snapshots WHERE disk = 'd'"); }
    SECTION("a missing disk") {
        execute(path, "DELETE FROM snapshots WHERE disk = 'd'; DELETE FROM disks WHERE disk = 'd'");
    }
    SECTION("a tag") { execute(path, "UPDATE tags SET value = 'x' WHERE name = 'why'"); }
    SECTION("a missing option") { execute(path, "DELETE FROM source_options WHERE name = 'compat'"); }
    SECTION("an attachment") { execute(path, "UPDATE attachments SET slot = slot + 1"); }
    SECTION("a group") { execute(path, "UPDATE snapshots SET group_name = 'x'"); }
    SECTION("a missing unreadable range") { execute(path, "DELETE FROM unreadable WHERE begin = 4096"); }
    SECTION("a pack's state") { execute(path, "UPDATE packs SET state = 'condemned'"); }
    SECTION("a missing pack") { execute(path, "DELETE FROM packs WHERE number = 2"); }
    SECTION("a move") { execute(path, "UPDATE moves SET to_slot = to_slot + 1"); }
    SECTION("a missing move") { execute(path, "DELETE FROM moves"); }
    SECTION("the head") { execute(path, "UPDATE state SET log_number = 1"); }
    SECTION("the state") { execute(path, "DELETE FROM state"); }
    SECTION("a missing run") { execute(path, "DELETE FROM id_runs WHERE run = 1"); }
    SECTION("a page of the index") { execute(path, "UPDATE id_pages SET entries = zeroblob(length(entries))"); }
    SECTION("a missing page of the index") { execute(path, "DELETE FROM id_pages"); }
    CHECK(is_reported_damaged([&] { ask(); }));
}

TEST_CASE("catalog: the last snapshot and one by its id are found without reading the older ones", "[catalog]") {
    const TemporaryFolder folder;
    const Path path = folder.path() / "a";
    SampleLog log(1);
    std::vector<SnapshotRecord> nights;
    {
        const auto catalog = open(path, log);
        for (TimeNs day = 1; day <= 10; ++day) {
            nights.push_back(log.snapshot("d", day));
            nights.back().source.snapshot.clear();
            REQUIRE(enter(*catalog, log.commit({nights.back()}, {})));
        }
    }
    const auto last = [&] { return contract::records_of(open(path, log)->last_snapshots("d", 2)); };

    SECTION("damaged rows of older ones are not even noticed") {
        execute(path, "UPDATE snapshots SET size = size + 1 WHERE time_ns < 9");
        CHECK(last() == std::vector{nights[8], nights[9]});
        const std::string id = nights[9].id.hex();
        CHECK(contract::records_of(open(path, log)->snapshots_by_prefix(id)) == std::vector{nights[9]});
        CHECK(is_reported_damaged([&] { open(path, log)->snapshots(); }));
    }
    SECTION("no older one is taken for the last") {
        SECTION("its row is missing") { execute(path, "DELETE FROM snapshots WHERE time_ns = 10"); }
        SECTION("its row was changed") { execute(path, "UPDATE snapshots SET entry = 3 WHERE time_ns = 10"); }
        SECTION("it names another as the one before it") {
            execute(path,
                    "UPDATE snapshots SET previous = (SELECT id FROM snapshots WHERE time_ns = 3) "
                    "WHERE time_ns = 10");
        }
        SECTION("the disk names another as its last") {
            execute(path, "UPDATE disks SET last = (SELECT id FROM snapshots WHERE time_ns = 9)");
        }
        SECTION("the disk's row is missing") { execute(path, "DELETE FROM disks"); }
        CHECK(is_reported_damaged(last));
    }
}

TEST_CASE("catalog: two packs with one id but different bytes mean a broken log", "[catalog]") {
    const TemporaryFolder folder;
    SampleLog log(1);
    const auto catalog = open(folder.path() / "a", log);
    const StoredPack pack = log.data_pack(20);
    StoredPack other = pack;
    other.facts.digest = log.id<Digest>();
    REQUIRE(enter(*catalog, log.commit({log.snapshot("d", 1)}, {pack})));
    CHECK_THROWS_AS(enter(*catalog, log.commit({log.snapshot("d", 1)}, {other})), Error);
    CHECK(catalog->head().number == 1);
}

TEST_CASE("catalog: the slot table of the pack that an entry names replaces an orphan's", "[catalog]") {
    const TemporaryFolder folder;
    SampleLog log(1);
    const auto catalog = open(folder.path() / "a", log);
    const StoredPack orphan = log.data_pack(20);
    StoredPack named = log.data_pack(10);
    named.facts.id = orphan.facts.id;
    catalog->add_uncommitted({&orphan, 1});
    CHECK(catalog->slots(orphan.facts.id)->slots.size() == 20);
    REQUIRE(enter(*catalog, log.commit({log.snapshot("d", 1)}, {named})));
    CHECK(*catalog->slots(orphan.facts.id) == *named.slots);
    CHECK(catalog->find_chunk(named.slots->slots[3].id) == ChunkAddress{named.facts.id, 3});
    CHECK_FALSE(catalog->find_chunk(orphan.slots->slots[3].id));
}

TEST_CASE("catalog: numbers up to 64 bits and texts with any byte are returned unchanged", "[catalog]") {
    const TemporaryFolder folder;
    SampleLog log(1);
    const auto catalog = open(folder.path() / "a", log);
    SnapshotRecord snapshot = log.snapshot("d", -1);
    snapshot.size = {~std::uint64_t{0}};
    snapshot.source.path = std::string("a\0b\xff\n'\"", 7);
    snapshot.source.snapshot = "";
    snapshot.change_token = {};
    snapshot.tags = {{std::string("\0", 1), std::string("\0\0", 2)}};
    snapshot.attachments = {};
    REQUIRE(enter(*catalog, log.commit({snapshot}, {})));
    CHECK(contract::records_of(catalog->snapshots()) == std::vector{snapshot});
}

}  // namespace varve
