// Healing under faults, by a repair and by a backup: whatever fails, and whenever the power does, no night loses
// anything, what was reported as healed is, and the next repair heals the rest.

#include "engine/prune/heal.h"

#include "engine/prune/image_chunks.h"
#include "engine/prune/image_pages.h"
#include "tests/support/fault_places.h"
#include "tests/support/pruned_repository.h"

using namespace varve;
using test::Aftermath;
using test::JobUnderFaults;
using test::Night;
using test::TestRepository;

namespace {

/// Packs of four chunks.
SessionLimits packs_of_four() {
    SessionLimits limits;
    limits.slots_per_pack = 4;
    return limits;
}

fakes::MemoryImage disk_with_damage(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    fakes::MemoryImage disk(1u << 20);
    disk.write_random(random, 0, 10 * chunk_bytes);
    return disk;
}

void repair_from(const ImageReader& image, TestRepository& host) {
    catch_up(host.repository, host.progress);
    const ImageChunks chunks(image, ids_in_damaged_packs(host.repository), host.progress, {});
    const ImagePages pages(image, host.progress);
    heal(host.repository, {{&chunks}, {&pages}}, host.progress, {});
}

/// Two disks, of which one has lost a pack.
class HealUnderFaults {
public:
    JobUnderFaults repair(PackKind lost = PackKind::data) {
        JobUnderFaults job = prepared("repair", lost);
        job.run = [this](TestRepository& host) { repair_from(damaged_, host); };
        job.require_afterwards = [this](const Aftermath& after) {
            if (after.has_succeeded) test::require_nights_on_a_fresh_host(after.backend, nights_);
            require_healed_by_the_next(after.backend, nights_);
        };
        return job;
    }

    /// It stores again what is lost; that it cannot heal the older night then is only a warning.
    JobUnderFaults backup() {
        JobUnderFaults job = prepared("backup that heals", PackKind::data);
        job.run = [this](TestRepository& host) { host.backup(damaged_, "d", 3); };
        job.require_afterwards = [this](const Aftermath& after) {
            std::vector<Night> nights = nights_;
            TestRepository host(after.backend, packs_of_four());
            const std::vector<SnapshotRecord> snapshots = host.snapshots();
            const auto stored = std::ranges::find(snapshots, 3, &SnapshotRecord::time);
            if (after.has_succeeded) REQUIRE(stored != snapshots.end());
            if (stored != snapshots.end()) {
                REQUIRE(host.restores_to(*stored, damaged_.bytes()));
                nights.push_back({*stored, damaged_.bytes()});
            }
            require_healed_by_the_next(after.backend, nights);
        };
        return job;
    }

private:
    JobUnderFaults prepared(std::string_view name, PackKind lost) {
        JobUnderFaults job;
        job.name = name;
        job.limits = packs_of_four();
        job.prepare = [this, lost](TestRepository& host) {
            nights_ = {test::back_up(host, damaged_, "d", 1), test::back_up(host, sound_, "e", 2)};
            for (const ListedPack& pack : host.catalog->packs())
                if (pack.facts.kind == lost) return host.chunks.remove_pack(pack.facts.id);
        };
        return job;
    }

    void require_healed_by_the_next(Backend& backend, const std::vector<Night>& nights) const {
        TestRepository host(backend, packs_of_four());
        REQUIRE(host.snapshots().size() == nights.size());
        REQUIRE(host.restores_to(nights[1].record, sound_.bytes()));
        repair_from(damaged_, host);
        test::require_nights(host, nights);
        test::require_nights_on_a_fresh_host(backend, nights);
        test::prune_now(host);
        REQUIRE(test::is_without_garbage(host));
    }

    const fakes::MemoryImage damaged_ = disk_with_damage(1);
    const fakes::MemoryImage sound_ = disk_with_damage(2);
    std::vector<Night> nights_;
};

}  // namespace

TEST_CASE("faults: any operation, including reads, may fail at every place of a repair", "[crash][heal]") {
    HealUnderFaults healing;
    test::survive_every_fault(healing.repair(), FaultEffect::not_done, FaultScope::all);
}

TEST_CASE("faults: a torn write or a lost reply, at every place of a repair, loses nothing", "[crash][heal]") {
    HealUnderFaults healing;
    test::survive_every_fault(healing.repair(), FaultEffect::torn, FaultScope::writes);
    test::survive_every_fault(healing.repair(), FaultEffect::reply_lost, FaultScope::writes);
}

TEST_CASE("power failure: at every change of the disk by a repair, no night loses anything", "[crash][heal]") {
    HealUnderFaults healing;
    test::survive_every_power_failure(healing.repair());
}

TEST_CASE("power failure: lost maps are made again, or wait for the next repair", "[crash][heal]") {
    HealUnderFaults healing;
    test::survive_every_power_failure(healing.repair(PackKind::metadata));
}

TEST_CASE("faults: a backup that heals is committed or not, and loses nothing", "[crash][heal]") {
    HealUnderFaults healing;
    test::survive_every_fault(healing.backup(), FaultEffect::not_done, FaultScope::writes);
    test::survive_every_power_failure(healing.backup());
}
