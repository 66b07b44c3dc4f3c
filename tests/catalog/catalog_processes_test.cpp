// Several programs use one catalog, and some of them are killed.

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include "catalog/catalog_lock.h"
#include "catalog/sqlite_catalog.h"
#include "tests/catalog/answers.h"
#include "tests/catalog/dump_catalog.h"
#include "tests/catch.h"
#include "tests/fakes/temporary_folder.h"

namespace varve {
namespace {

constexpr int failed = 99;

/// Runs `f` in a process of its own; its result is the exit status.
template <typename F>
pid_t start(const F& f) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child > 0) return child;
    try {
        ::_exit(f());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "child: %s\n", error.what());
        ::_exit(failed);
    }
}

int wait_for(pid_t child) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::unique_ptr<Catalog> open(const std::filesystem::path& folder, const RandomLog& made) {
    return open_sqlite_catalog(folder, made.log.repository(), made.log.genesis());
}

/// Reads the log to its end, as catch_up does; returns how many entries were applied here and not elsewhere.
int read_on(Catalog& catalog, const RandomLog& made) {
    int entered = 0;
    for (LogHead head = catalog.head(); head.number < made.log.steps().size();) {
        const LogStep& step = made.log.steps()[head.number];
        if (step.before != head) return failed;
        const bool applied = enter(catalog, step);
        entered += applied ? 1 : 0;
        head = applied ? step.record.head : catalog.head();
    }
    return entered;
}

Answers right_answers(const RandomLog& made) {
    const TemporaryFolder folder;
    const auto catalog = open(folder.path() / "right", made);
    read_on(*catalog, made);
    return ask(*catalog, made);
}

}  // namespace

TEST_CASE("catalog: programs that read the log concurrently apply each entry once", "[catalog]") {
    const RandomLog made = make_random_log(31, 80, 40, [](const LogStep&) {});
    const TemporaryFolder folder;
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i)
        children.push_back(start([&] { return read_on(*open(folder.path() / "shared", made), made); }));
    int entered = 0;
    for (const pid_t child : children) {
        const int count = wait_for(child);
        REQUIRE(count >= 0);
        REQUIRE(count < failed);
        entered += count;
    }
    CHECK(entered == 80);
    CHECK(ask(*open(folder.path() / "shared", made), made) == right_answers(made));
}

TEST_CASE("catalog: a program that reads while another writes gets a consistent view", "[catalog]") {
    const RandomLog made = make_random_log(32, 150, 40, [](const LogStep&) {});
    const TemporaryFolder folder;
    const auto catalog = open(folder.path() / "shared", made);
    const pid_t writer =
        start([&] { return read_on(*open(folder.path() / "shared", made), made) == 150 ? 0 : failed; });
    std::uint64_t asked = 0;
    for (LogNumber head = 0; head < 150;) {
        head = catalog->head().number;
        for (LogNumber i = 0; i < head; ++i) {
            const LogStep& step = made.log.steps()[i];
            for (const StoredPack& pack : step.packs) {
                const ChunkId& id = pack.slots->slots[0].id;
                const auto found = catalog->find_chunk(id);
                const auto now = catalog->pack(pack.facts.id);
                if (!now) FAIL("a pack is not known after its entry was read");
                if (pack.facts.kind == PackKind::data && now->state == PackState::committed &&
                    found != ChunkAddress{pack.facts.id, 0})
                    FAIL("a chunk is not found while another program writes");
                ++asked;
            }
        }
    }
    CHECK(wait_for(writer) == 0);
    CHECK(asked > 0);
    CHECK(ask(*catalog, made) == right_answers(made));
}

TEST_CASE("catalog: a program killed at any moment leaves a usable catalog", "[catalog]") {
    const RandomLog made = make_random_log(33, 60, 40, [](const LogStep&) {});
    const Answers right = right_answers(made);
    std::mt19937_64 random(3);
    const TemporaryFolder folder;
    // This one stays open while others are killed, and must notice what they did.
    const auto witness = open(folder.path() / "shared", made);
    int killed = 0;
    for (int round = 0; round < 40; ++round) {
        const pid_t child = start([&] {
            const auto catalog = open(folder.path() / "shared", made);
            for (int i = 0;; ++i) {
                read_on(*catalog, made);
                catalog->reset(made.log.genesis());
            }
            return 0;
        });
        ::usleep(static_cast<useconds_t>(random() % 60'000));
        ::kill(child, SIGKILL);
        killed += wait_for(child) == -SIGKILL ? 1 : 0;

        const LogHead head = witness->head();
        CHECK((head.number == 0 ? made.log.genesis() : made.log.steps()[head.number - 1].record.head) == head);
        if (round % 4 == 0) {
            const auto next = open(folder.path() / "shared", made);
            CHECK(read_on(*next, made) < failed);
            CHECK(ask(*next, made) == right);
            CHECK(ask(*witness, made) == right);
            next->reset(made.log.genesis());
        }
    }
    CHECK(killed == 40);
}

TEST_CASE("catalog: changes are seen after a program died between two bumps of the counter", "[catalog]") {
    const RandomLog made = make_random_log(34, 5, 40, [](const LogStep&) {});
    const TemporaryFolder folder;
    const auto reader = open(folder.path() / "shared", made), writer = open(folder.path() / "shared", made);
    for (std::size_t i = 0; i < 5; ++i) {
        const pid_t child = start([&] {
            CatalogLock lock(folder.path() / "shared");
            CatalogLock::Hold hold(lock);
            const CatalogLock::Change change(hold);
            ::_exit(0);
            return 0;
        });
        REQUIRE(wait_for(child) == 0);
        CHECK(reader->head() == made.log.steps()[i].before);
        REQUIRE(enter(*writer, made.log.steps()[i]));
        CHECK(reader->head() == made.log.steps()[i].record.head);
    }
}

TEST_CASE("catalog: a program whose catalog is removed continues, and does not harm a new one", "[catalog]") {
    const RandomLog made = make_random_log(35, 40, 40, [](const LogStep&) {});
    const Answers right = right_answers(made);
    const TemporaryFolder folder;
    auto old = open(folder.path() / "shared", made);
    for (std::size_t i = 0; i < 20; ++i) REQUIRE(enter(*old, made.log.steps()[i]));
    remove_sqlite_catalog(folder.path() / "shared");
    auto fresh = open(folder.path() / "shared", made);
    CHECK(fresh->head() == made.log.genesis());
    CHECK(read_on(*fresh, made) == 40);
    CHECK(read_on(*old, made) == 20);
    CHECK(ask(*old, made) == right);
    old.reset();
    CHECK(ask(*fresh, made) == right);
    fresh.reset();
    CHECK(ask(*open(folder.path() / "shared", made), made) == right);
}

}  // namespace varve
