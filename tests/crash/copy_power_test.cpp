// Power fails in the target of a copy: what it has then are whole copies, and the next copy completes them. Faults of
// single operations: tests/engine/jobs/copy_snapshots_test.cpp.

#include "engine/jobs/copy_snapshots.h"
#include "tests/support/fault_places.h"
#include "tests/support/pruned_repository.h"

using namespace varve;
using test::Aftermath;
using test::JobUnderFaults;
using test::Night;
using test::TestRepository;

namespace {

/// Two nights of one disk and one of another.
class CopyUnderFaults {
public:
    CopyUnderFaults() {
        std::mt19937_64 random(1);
        fakes::MemoryImage disk(1u << 20);
        disk.write_random(random, 0, 6 * chunk_bytes);
        nights_.push_back(test::back_up(from_, disk, "d", 1));
        disk.write_random(random, 2 * chunk_bytes, 100000);
        nights_.push_back(test::back_up(from_, disk, "d", 2));
        disk.write_random(random, 0, chunk_bytes);
        nights_.push_back(test::back_up(from_, disk, "e", 3));
    }

    JobUnderFaults job() {
        JobUnderFaults job;
        job.name = "copy";
        job.prepare = [](TestRepository& to) { to.snapshots(); };
        job.run = [this](TestRepository& to) { copy_all(to); };
        job.require_afterwards = [this](const Aftermath& after) {
            TestRepository to(after.backend);
            const std::vector<SnapshotRecord> copied = to.snapshots();
            if (after.has_succeeded) REQUIRE(copied.size() == nights_.size());
            for (const SnapshotRecord& copy : copied) REQUIRE(to.restores_to(copy, bytes_of(copy.id)));
            REQUIRE(to.verify().findings.empty());
            copy_all(to);
            REQUIRE(to.snapshots().size() == nights_.size());
            for (const SnapshotRecord& copy : to.snapshots()) REQUIRE(to.restores_to(copy, bytes_of(copy.id)));
            REQUIRE(to.verify().findings.empty());
        };
        return job;
    }

private:
    /// A copy that fails is one that throws.
    void copy_all(TestRepository& to) {
        to.snapshots();
        const CopyReport report =
            copy_snapshots(from_.repository, to.repository, from_.catalog->snapshots(), to.progress, {});
        for (const SnapshotCopy& copy : report.snapshots)
            if (copy.error) throw *copy.error;
    }

    const Bytes& bytes_of(const SnapshotId& id) const {
        return std::ranges::find(nights_, id, [](const Night& night) { return night.record.id; })->bytes;
    }

    MemoryBackend source_;
    TestRepository from_{source_};
    std::vector<Night> nights_;
};

}  // namespace

TEST_CASE("power failure: at every change of the target by a copy, it has whole copies, and the next completes them",
          "[crash][copy]") {
    CopyUnderFaults copy;
    test::survive_every_power_failure(copy.job());
}
