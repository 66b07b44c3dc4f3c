// Prune under faults: the backend's n-th operation fails, or the power does, for every n of a whole prune. Every live
// night stays whole, and the next prune removes what was left behind. Each of these prunes renews the checkpoint of the
// log, too: until that is done, hosts open with the old one.

#include <cstdio>

#include "engine/base/error.h"
#include "engine/repository/checkpoint.h"
#include "store/backend/local_backend.h"
#include "tests/catch.h"
#include "tests/fakes/fault_backend.h"
#include "tests/fakes/forgetful_files.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/long_test.h"
#include "tests/support/pruned_repository.h"

using namespace varve;
using test::Night;
using test::TestRepository;

namespace {

/// Renews the checkpoint each time.
PruneRequest with_checkpoint() {
    PruneRequest request;
    request.checkpoint_every = 1;
    return request;
}

/// Nights of which the first are forgotten: dead packs, packs to rewrite, small packs to merge, and an orphan. Two
/// checkpoints, of which the next prune removes one.
std::vector<Night> make_nights_to_prune(TestRepository& host) {
    std::mt19937_64 random(1);
    fakes::MemoryImage disk(3u << 20);
    disk.write_random(random, 0, 12 * chunk_bytes);
    std::vector<Night> nights;
    for (TimeNs time = 1; time <= 5; ++time) {
        nights.push_back(test::back_up(host, disk, "d", time));
        disk.write_random(random, random() % 10 * chunk_bytes, 2 * chunk_bytes);
        if (time <= 2) renew_checkpoint(host.repository, 1, host.progress, {});
    }
    const auto session = host.chunks.begin_session();
    session->put_metadata(SlotKind::attachment, bytes_of("of a killed backup"));
    session->finish();
    test::forget(host, {nights[0].record.id, nights[1].record.id, nights[2].record.id});
    nights.erase(nights.begin(), nights.begin() + 3);
    return nights;
}

/// What must hold once the place works again.
void require_pruned_by_the_next(Backend& backend, const std::vector<Night>& nights) {
    test::require_nights_on_a_fresh_host(backend, nights);
    TestRepository host(backend);
    test::prune_now(host, with_checkpoint());
    REQUIRE(test::is_without_garbage(host));
    REQUIRE(host.log.checkpoints().back() == host.catalog->head().number);
    REQUIRE(host.log.checkpoints().size() <= 3);
    test::require_nights(host, nights);
    test::require_nights_on_a_fresh_host(backend, nights);
    // Merging may go on once, with what the interrupted prune wrote; then there is nothing left to do.
    test::prune_now(host);
    REQUIRE_FALSE(test::prune_now(host).entry);
}

/// One prune with a fault at operation n; false if n is past its end.
bool prune_survives_fault_at(std::uint64_t n, FaultEffect effect, FaultSpan span, FaultScope scope) {
    MemoryBackend memory;
    FaultBackend faulty(memory, scope);
    TestRepository host(faulty);
    const std::vector<Night> nights = make_nights_to_prune(host);
    faulty.fail_at(n, effect, span);
    bool has_succeeded = true;
    try {
        test::prune_now(host, with_checkpoint());
    } catch (const Error& error) {
        has_succeeded = false;
        REQUIRE(error.code() == ErrorCode::io);
    }
    const bool met_fault = faulty.has_failed();
    faulty.heal();
    if (!met_fault) REQUIRE(has_succeeded);
    test::require_nights(host, nights);
    require_pruned_by_the_next(memory, nights);
    return met_fault;
}

void prune_survives_every_fault(FaultEffect effect, FaultSpan span, FaultScope scope) {
    std::uint64_t n = 1;
    while (prune_survives_fault_at(n, effect, span, scope)) n += test_place_step;
    std::printf("prune fault test: up to operation %llu, each of them or every third failed in turn\n",
                static_cast<unsigned long long>(n - 1));
    REQUIRE(n > 10);
}

/// One prune with a power failure during its n-th change of the disk; false if n is past its end.
bool prune_survives_power_failure_at(std::uint64_t n, FailingOperation operation, Survival survival) {
    ForgetfulDisk disk;
    LocalBackend backend(disk.mount());
    std::vector<Night> nights;
    {
        TestRepository host(backend);
        nights = make_nights_to_prune(host);
        disk.fail_at(n, operation);
        try {
            test::prune_now(host, with_checkpoint());
        } catch (const Error& error) {
            REQUIRE(error.code() == ErrorCode::io);
        }
    }
    const bool met_failure = disk.has_failed();
    disk.crash(survival, static_cast<std::uint32_t>(n));
    LocalBackend rebooted(disk.mount());
    require_pruned_by_the_next(rebooted, nights);
    return met_failure;
}

}  // namespace

TEST_CASE("faults: a write that did not happen, at every place of a prune, loses nothing", "[crash][prune]") {
    prune_survives_every_fault(FaultEffect::not_done, FaultSpan::once, FaultScope::writes);
    prune_survives_every_fault(FaultEffect::not_done, FaultSpan::from_then, FaultScope::writes);
}

TEST_CASE("faults: a torn write, at every place of a prune, loses nothing", "[crash][prune]") {
    prune_survives_every_fault(FaultEffect::torn, FaultSpan::once, FaultScope::writes);
    prune_survives_every_fault(FaultEffect::torn, FaultSpan::from_then, FaultScope::writes);
}

TEST_CASE("faults: a lost reply, at every place of a prune, loses nothing", "[crash][prune]") {
    prune_survives_every_fault(FaultEffect::reply_lost, FaultSpan::once, FaultScope::writes);
    prune_survives_every_fault(FaultEffect::reply_lost, FaultSpan::from_then, FaultScope::writes);
}

TEST_CASE("faults: any operation, including reads, may fail at every place of a prune", "[crash][prune]") {
    prune_survives_every_fault(FaultEffect::not_done, FaultSpan::once, FaultScope::all);
    prune_survives_every_fault(FaultEffect::not_done, FaultSpan::from_then, FaultScope::all);
}

TEST_CASE("power failure: at every change of the disk during a prune, no live night is lost", "[crash][prune]") {
    for (const Survival survival :
         {Survival::nothing, Survival::names_only, Survival::everything, Survival::by_chance}) {
        std::uint64_t n = 1;
        while (prune_survives_power_failure_at(n, n % 2 == 0 ? FailingOperation::done : FailingOperation::not_done,
                                               survival))
            n += test_place_step;
        REQUIRE(n > 10);
    }
}
