// Prune under faults: the backend's n-th operation fails, or the power does, for every n of a whole prune. Every live
// night stays whole, and the next prune removes what was left behind. Each of these prunes renews the checkpoint of the
// log, too: until that is done, hosts open with the old one.

#include "engine/repository/checkpoint.h"
#include "tests/support/fault_places.h"
#include "tests/support/pruned_repository.h"

using namespace varve;
using test::Aftermath;
using test::JobUnderFaults;
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

/// Holds the nights that must stay.
class PruneUnderFaults {
public:
    JobUnderFaults job() {
        JobUnderFaults job;
        job.name = "prune";
        job.prepare = [this](TestRepository& host) { nights_ = make_nights_to_prune(host); };
        job.run = [](TestRepository& host) { test::prune_now(host, with_checkpoint()); };
        job.require_afterwards = [this](const Aftermath& after) {
            if (after.host != nullptr) test::require_nights(*after.host, nights_);
            require_pruned_by_the_next(after.backend, nights_);
        };
        return job;
    }

private:
    std::vector<Night> nights_;
};

void prune_survives_every_fault(FaultEffect effect, FaultScope scope) {
    PruneUnderFaults prune;
    test::survive_every_fault(prune.job(), effect, scope);
}

}  // namespace

TEST_CASE("faults: a write that did not happen, at every place of a prune, loses nothing", "[crash][prune]") {
    prune_survives_every_fault(FaultEffect::not_done, FaultScope::writes);
}

TEST_CASE("faults: a torn write, at every place of a prune, loses nothing", "[crash][prune]") {
    prune_survives_every_fault(FaultEffect::torn, FaultScope::writes);
}

TEST_CASE("faults: a lost reply, at every place of a prune, loses nothing", "[crash][prune]") {
    prune_survives_every_fault(FaultEffect::reply_lost, FaultScope::writes);
}

TEST_CASE("faults: any operation, including reads, may fail at every place of a prune", "[crash][prune]") {
    prune_survives_every_fault(FaultEffect::not_done, FaultScope::all);
}

TEST_CASE("power failure: at every change of the disk during a prune, no live night is lost", "[crash][prune]") {
    PruneUnderFaults prune;
    test::survive_every_power_failure(prune.job());
}
