// Several programs use one catalog, and some of them are killed.

#include <sys/wait.h>
#include <unistd.h>
#include <chrono>
#include <csignal>
#include <iterator>

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
        const SampleStep& step = made.log.steps()[head.number];
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
    const RandomLog made = make_random_log(31, 80, 40, [](const SampleStep&) {});
    const TemporaryFolder folder;
    std::vector<pid_t> children(4);
    for (pid_t& child : children) child = start([&] { return read_on(*open(folder.path() / "shared", made), made); });
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
    const RandomLog made = make_random_log(32, 150, 40, [](const SampleStep&) {});
    const TemporaryFolder folder;
    const auto catalog = open(folder.path() / "shared", made);
    const pid_t writer =
        start([&] { return read_on(*open(folder.path() / "shared", made), made) == 150 ? 0 : failed; });
    std::uint64_t asked = 0;
    for (LogNumber head = 0; head < 150;) {
        head = catalog->head().number;
        for (LogNumber i = 0; i < head; ++i) {
            const SampleStep& step = made.log.steps()[i];
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
    const RandomLog made = make_random_log(33, 60, 40, [](const SampleStep&) {});
    const Answers right = right_answers(made);
    std::mt19937_64 random(3);
    const TemporaryFolder folder;
    const std::filesystem::path shared = folder.path() / "shared";
    for (int round = 0; round < 30; ++round) {
        const pid_t child = start([&] {
            while (true) {
                read_on(*open(shared, made), made);
                remove_sqlite_catalog(shared);
            }
            return 0;
        });
        ::usleep(static_cast<useconds_t>(random() % 60'000));
        // This one is open while the other is killed, and must notice what that did.
        const auto witness = open(shared, made);
        ::usleep(static_cast<useconds_t>(random() % 5'000));
        ::kill(child, SIGKILL);
        REQUIRE(wait_for(child) == -SIGKILL);
        const LogHead head = witness->head();
        CHECK((head.number == 0 ? made.log.genesis() : made.log.steps()[head.number - 1].record.head) == head);
        const auto next = open(shared, made);
        CHECK(read_on(*next, made) < failed);
        CHECK(ask(*next, made) == right);
        CHECK(read_on(*witness, made) < failed);
        CHECK(ask(*witness, made) == right);
    }
}

TEST_CASE("catalog: a program killed while it replaces the catalog leaves a whole one", "[catalog]") {
    const RandomLog made = make_random_log(36, 40, 40, [](const SampleStep&) {});
    const Answers right = right_answers(made);
    std::mt19937_64 random(5);
    const TemporaryFolder folder;
    const std::filesystem::path shared = folder.path() / "shared";
    const auto witness = open(shared, made);
    REQUIRE(read_on(*witness, made) == 40);
    const auto replace = [&](Catalog& catalog) {
        catalog.replace(made.log.genesis(), [&](Catalog& fresh) { read_on(fresh, made); });
    };
    for (int round = 0; round < 20; ++round) {
        const pid_t child = start([&] {
            const auto catalog = open(shared, made);
            while (true) replace(*catalog);
            return 0;
        });
        ::usleep(static_cast<useconds_t>(random() % 80'000));
        ::kill(child, SIGKILL);
        REQUIRE(wait_for(child) == -SIGKILL);
        CHECK(open(shared, made)->head() == made.log.head());
        if (round % 8 != 0) continue;
        CHECK(ask(*open(shared, made), made) == right);
        CHECK(ask(*witness, made) == right);
    }
    replace(*open(shared, made));
    // What the killed programs left behind is gone.
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("catalog: readers beside a program that replaces the catalog always see a whole one", "[catalog]") {
    const RandomLog made = make_random_log(37, 30, 40, [](const SampleStep&) {});
    const TemporaryFolder folder;
    const std::filesystem::path shared = folder.path() / "shared";
    REQUIRE(read_on(*open(shared, made), made) == 30);
    const pid_t child = start([&] {
        const auto catalog = open(shared, made);
        for (int i = 0; i < 25; ++i)
            catalog->replace(made.log.genesis(), [&](Catalog& fresh) { read_on(fresh, made); });
        return 0;
    });
    const Answers right = right_answers(made);
    int status = 0, opened = 0;
    while (::waitpid(child, &status, WNOHANG) == 0) {
        const auto catalog = open(shared, made);
        ++opened;
        if (catalog->head() != made.log.head()) FAIL("a half-made catalog is seen");
        if (!(ask(*catalog, made) == right)) FAIL("a wrong answer beside a program that replaces the catalog");
    }
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(opened > 5);
}

TEST_CASE("catalog: a program that is stopped while it opens or replaces the catalog keeps no reader waiting",
          "[catalog]") {
    const RandomLog made = make_random_log(38, 10, 40, [](const SampleStep&) {});
    const TemporaryFolder folder;
    const std::filesystem::path shared = folder.path() / "shared";
    REQUIRE(read_on(*open(shared, made), made) == 10);
    std::mt19937_64 random(7);
    for (int round = 0; round < 40; ++round) {
        const pid_t child = start([&] {
            while (true) open(shared, made)->replace(made.log.genesis(), [&](Catalog& fresh) { read_on(fresh, made); });
            return 0;
        });
        ::usleep(static_cast<useconds_t>(random() % 40'000));
        ::kill(child, SIGSTOP);
        const auto began = std::chrono::steady_clock::now();
        try {
            const auto head = open(shared, made)->head();
            CHECK(head == made.log.head());
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::io);  // within the few system calls where it must wait
        }
        CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(20));
        ::kill(child, SIGKILL);
        REQUIRE(wait_for(child) == -SIGKILL);
    }
}

TEST_CASE("catalog: changes are seen after a program died between two bumps of the counter", "[catalog]") {
    const RandomLog made = make_random_log(34, 5, 40, [](const SampleStep&) {});
    const TemporaryFolder folder;
    const auto reader = open(folder.path() / "shared", made), writer = open(folder.path() / "shared", made);
    for (std::size_t i = 0; i < 5; ++i) {
        const pid_t child = start([&] {
            CatalogLock lock(folder.path() / "shared");
            CatalogLock::Hold hold(lock, CatalogLock::Kind::write);
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
    const RandomLog made = make_random_log(35, 40, 40, [](const SampleStep&) {});
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
