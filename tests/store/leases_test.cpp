#include "store/leases.h"

#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <csignal>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/fakes/fault_backend.h"
#include "tests/fakes/memory_backend.h"

using namespace varve;

namespace {

const RepositoryId some_repository = RepositoryId::make();

TimeNs hours_ago(int hours) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               (std::chrono::system_clock::now() - std::chrono::hours(hours)).time_since_epoch())
        .count();
}

void put_lease(Backend& backend, const ProcessIdentity& holder, TimeNs refreshed) {
    backend.put_if_absent("leases/" + PackId::make().hex(),
                          encode(Lease{holder, refreshed, "backup"}, some_repository));
}

/// A process that has ended.
ProcessIdentity gone_process() {
    ProcessIdentity process = this_process();
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    ::waitpid(child, nullptr, 0);
    process.pid = static_cast<std::uint32_t>(child);
    return process;
}

ProcessIdentity elsewhere() {
    ProcessIdentity process = this_process();
    process.host = "another";
    process.boot_id = "other";
    return process;
}

}  // namespace

TEST_CASE("leases: a finished holder leaves none behind, and its own lease does not hold a process back", "[lease]") {
    MemoryBackend backend;
    {
        const HeldLease lease(backend, some_repository, "backup");
        REQUIRE(backend.list("leases/", "").size() == 1);
        REQUIRE_FALSE(is_other_writer_alive(backend, some_repository, DeadLeases::remove));
        REQUIRE(backend.list("leases/", "").size() == 1);
    }
    REQUIRE(backend.list("leases/", "").empty());
}

TEST_CASE("leases: a running process of this host holds back, one that is gone does not and loses its lease",
          "[lease]") {
    MemoryBackend backend;
    ProcessIdentity parent = this_process();
    put_lease(backend, gone_process(), hours_ago(0));
    REQUIRE_FALSE(is_other_writer_alive(backend, some_repository, DeadLeases::keep));
    REQUIRE(backend.list("leases/", "").size() == 1);
    REQUIRE_FALSE(is_other_writer_alive(backend, some_repository, DeadLeases::remove));
    REQUIRE(backend.list("leases/", "").empty());

    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    if (child == 0) {  // tells who it is, and waits until it is killed
        const std::uint64_t started = this_process().started;
        const bool is_told = ::write(ready[1], &started, sizeof started) == sizeof started;
        if (is_told) {
            while (true) ::pause();
        }
        ::_exit(1);
    }
    parent.pid = static_cast<std::uint32_t>(child);
    REQUIRE(::read(ready[0], &parent.started, sizeof parent.started) == sizeof parent.started);
    put_lease(backend, parent, hours_ago(100));  // its age does not matter
    REQUIRE(is_other_writer_alive(backend, some_repository, DeadLeases::remove));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    REQUIRE_FALSE(is_other_writer_alive(backend, some_repository, DeadLeases::remove));
    REQUIRE(backend.list("leases/", "").empty());
}

TEST_CASE("leases: a number that was given to another process, or a boot since, means that the holder is gone",
          "[lease]") {
    MemoryBackend backend;
    ProcessIdentity reused = this_process();
    reused.started += 1;
    put_lease(backend, reused, hours_ago(0));
    ProcessIdentity before_boot = this_process();
    before_boot.boot_id = "another boot";
    put_lease(backend, before_boot, hours_ago(0));
    REQUIRE_FALSE(is_other_writer_alive(backend, some_repository, DeadLeases::remove));
}

TEST_CASE("leases: of another host, the last refresh counts: a day", "[lease]") {
    MemoryBackend backend;
    put_lease(backend, elsewhere(), hours_ago(25));
    REQUIRE_FALSE(is_other_writer_alive(backend, some_repository, DeadLeases::remove));
    REQUIRE(backend.list("leases/", "").empty());
    put_lease(backend, elsewhere(), hours_ago(23));
    REQUIRE(is_other_writer_alive(backend, some_repository, DeadLeases::remove));
    REQUIRE(backend.list("leases/", "").size() == 1);
}

TEST_CASE("leases: a damaged lease holds nothing back", "[lease]") {
    MemoryBackend backend;
    backend.put_if_absent("leases/" + PackId::make().hex(), bytes_of("not a lease"));
    REQUIRE_FALSE(is_other_writer_alive(backend, some_repository, DeadLeases::remove));
    Bytes bytes = encode(Lease{elsewhere(), hours_ago(0), "backup"}, some_repository);
    for (std::size_t length = 0; length < bytes.size(); ++length)
        REQUIRE_THROWS_AS(parse_lease(ByteView(bytes).first(length), some_repository, "lease"), Error);
    REQUIRE_THROWS_AS(parse_lease(bytes, RepositoryId::make(), "lease"), Error);
    REQUIRE(parse_lease(bytes, some_repository, "lease").holder == elsewhere());
}

TEST_CASE("leases: while it is held, a lease is written again, and there is one at any time", "[lease]") {
    MemoryBackend backend;
    const HeldLease lease(backend, some_repository, "backup", std::chrono::milliseconds(1));
    const std::string first = backend.list("leases/", "").front();
    for (int i = 0; i < 5000 && backend.list("leases/", "").front() == first; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const auto names = backend.list("leases/", "");
    REQUIRE(!names.empty());
    REQUIRE(std::find(names.begin(), names.end(), first) == names.end());
}

TEST_CASE("leases: one that cannot be removed does no harm", "[lease]") {
    MemoryBackend memory;
    FaultBackend faulty(memory);
    {
        const HeldLease lease(faulty, some_repository, "backup");
        faulty.fail_at(1, FaultEffect::not_done, FaultSpan::from_then);
    }
    REQUIRE(memory.list("leases/", "").size() == 1);
}
