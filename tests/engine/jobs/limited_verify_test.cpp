// Verify with a limit: which packs it reads, and where the next run goes on.

#include <algorithm>
#include <chrono>
#include <set>
#include <stop_token>
#include <vector>

#include "engine/jobs/verify_order.h"
#include "store/pack/pack_names.h"
#include "tests/catch.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

/// One data pack a night, all of one size.
struct ManyNights {
    MemoryBackend backend;
    TestRepository host{backend};
    VerifyTimes times;  ///< what the host remembers
    TimeNs now = 100 * ns_per_second;

    explicit ManyNights(int nights) {
        std::mt19937_64 random(1);
        fakes::MemoryImage disk(4 * chunk_bytes);
        for (int night = 1; night <= nights; ++night) {
            disk.write_random(random, 0, 4 * chunk_bytes);
            host.backup(disk, "d", night);
        }
    }

    VerifyReport run(VerifyRequest request) {
        request.last_verified = times;
        VerifyReport report = host.verify(request);
        times.replace(report.gone_packs, report.read_packs, now += ns_per_second);
        return report;
    }
};

VerifyRequest sample_of(double share) {
    VerifyRequest request;
    request.sample = share;
    return request;
}

VerifyRequest no_time() {
    VerifyRequest request;
    request.deadline = std::chrono::steady_clock::now();
    return request;
}

PackFacts facts_of(std::uint8_t number, std::uint64_t size) {
    PackFacts facts;
    facts.id.bytes[0] = std::byte{number};
    facts.size = {size};
    return facts;
}

}  // namespace

TEST_CASE("limited verify: runs with 20 % each read every pack once in five runs, and then the oldest again",
          "[engine][verify]") {
    ManyNights world(10);
    std::set<PackId> read;
    std::set<PackId> first;
    for (int round = 0; round < 5; ++round) {
        const VerifyReport report = world.run(sample_of(0.2));
        REQUIRE(report.findings.empty());
        REQUIRE(report.is_partial());
        REQUIRE(report.data_packs == 10);
        REQUIRE(report.read_packs.size() == 2);
        REQUIRE(report.checked_chunks == 8);
        REQUIRE(report.checked_pages > 0);  // the structure is checked as a whole
        REQUIRE(report.checked_packs == 20);
        if (round == 0) first = report.read_packs;
        read.insert(report.read_packs.begin(), report.read_packs.end());
    }
    REQUIRE(read.size() == 10);
    REQUIRE(world.run(sample_of(0.2)).read_packs == first);
    REQUIRE_FALSE(world.run(sample_of(1)).is_partial());
}

TEST_CASE("limited verify: without time left a run reads one pack, and the next goes on with another",
          "[engine][verify]") {
    ManyNights world(10);
    std::set<PackId> read;
    for (int round = 1; round <= 10; ++round) {
        const VerifyReport report = world.run(no_time());
        REQUIRE(report.read_packs.size() == 1);
        REQUIRE(report.checked_packs == 20);
        read.insert(report.read_packs.begin(), report.read_packs.end());
    }
    REQUIRE(read.size() == 10);
}

TEST_CASE("limited verify: with time left everything is read", "[engine][verify]") {
    ManyNights world(10);
    VerifyRequest request;
    request.deadline = std::chrono::steady_clock::now() + std::chrono::hours(1);
    const VerifyReport report = world.run(request);
    REQUIRE(report.read_packs.size() == 10);
    REQUIRE_FALSE(report.is_partial());
}

TEST_CASE("limited verify: damage that an earlier run found is reported by runs that read other packs",
          "[engine][verify]") {
    ManyNights world(10);
    const std::set<PackId> first = world.run(no_time()).read_packs;
    REQUIRE(first.size() == 1);
    const PackId pack = *first.begin();
    const Frame frame = world.host.catalog->slots(pack)->frames.front();
    Bytes bytes = *world.backend.get(pack_name(pack), mib(64));
    bytes[frame.offset + frame.header_bytes + 9] ^= std::byte{1};
    world.backend.replace(pack_name(pack), bytes);
    REQUIRE(world.run(no_time()).findings.empty());  // it reads another pack
    REQUIRE_FALSE(world.run(sample_of(1)).findings.empty());
    REQUIRE(world.run(no_time()).read_packs == first);  // all are of the same second: the lowest id comes first
    const VerifyReport later = world.run(no_time());
    REQUIRE(later.read_packs != first);
    REQUIRE(std::ranges::any_of(later.findings, [](const Finding& f) { return f.kind == FindingKind::chunk_damaged; }));
}

TEST_CASE("limited verify: a run that is stopped reports what it read, and the next goes on with the others",
          "[engine][verify]") {
    /// Requests the stop once so many packs are done.
    class Stopping final : public Progress {
    public:
        void begin(std::string_view, ByteCount) override {}
        void advance(ByteCount) override {
            if (++done_ == 45) source.request_stop();
        }
        void warn(std::string_view) override {}
        std::stop_source source;

    private:
        int done_ = 0;
    };
    ManyNights world(40);
    const std::vector<SnapshotRecord> all = world.host.snapshots();
    Stopping progress;
    const VerifyReport stopped = verify(world.host.repository, all, {}, progress, progress.source.get_token());
    REQUIRE(stopped.is_stopped);
    REQUIRE(stopped.is_partial());
    REQUIRE(stopped.findings.empty());
    REQUIRE(stopped.read_packs.size() >= 5);  // metadata packs came first
    world.times.replace({}, stopped.read_packs, world.now);
    const VerifyReport next = world.run(no_time());
    REQUIRE_FALSE(next.is_stopped);
    REQUIRE(next.read_packs.size() == 1);
    REQUIRE_FALSE(stopped.read_packs.contains(*next.read_packs.begin()));

    std::stop_source before;
    before.request_stop();
    REQUIRE_THROWS_WITH(verify(world.host.repository, all, {}, world.host.progress, before.get_token()),
                        "stopped on request");
}

TEST_CASE("limited verify: packs that are gone are forgotten", "[engine][verify]") {
    ManyNights world(10);
    const PackId gone = PackId::make();
    world.times.packs[gone] = 1;
    REQUIRE(world.run(no_time()).gone_packs == std::set<PackId>{gone});
    REQUIRE(world.times.packs.size() == 1);
}

TEST_CASE("verify order: packs never verified come first, then the oldest; equal ones by id", "[engine][verify]") {
    std::vector<PackFacts> packs{facts_of(1, 1), facts_of(2, 1), facts_of(3, 1), facts_of(4, 1), facts_of(5, 1)};
    VerifyTimes times;
    times.packs[packs[0].id] = 30;
    times.packs[packs[2].id] = 20;
    times.packs[packs[4].id] = 30;
    std::vector<PackFacts> sorted = packs;
    sort_by_last_verified(sorted, times);
    REQUIRE(sorted == std::vector<PackFacts>{packs[1], packs[3], packs[2], packs[0], packs[4]});
}

TEST_CASE("verify order: a sample is of bytes, takes at least one pack, and its last one whole", "[engine][verify]") {
    const std::vector<PackFacts> packs{facts_of(1, 50), facts_of(2, 10), facts_of(3, 20), facts_of(4, 20)};
    REQUIRE(packs_in_sample(packs, 0.001) == 1);
    REQUIRE(packs_in_sample(packs, 0.5) == 1);
    REQUIRE(packs_in_sample(packs, 0.51) == 2);
    REQUIRE(packs_in_sample(packs, 0.7) == 3);
    REQUIRE(packs_in_sample(packs, 1) == 4);
    REQUIRE(packs_in_sample({}, 0.5) == 0);
}
