#include "engine/jobs/verify.h"

#include "engine/jobs/damage_locator.h"
#include "engine/jobs/map_check.h"
#include "engine/jobs/pack_check_run.h"

namespace varve {

VerifyReport verify(const Repository& repository, std::span<const SnapshotRecord> snapshots, Progress& progress,
                    std::stop_token stop) {
    VerifyReport report;
    PackUsage usage(repository.catalog);
    MapCheck check(repository, usage, report.findings);
    for (const SnapshotRecord& snapshot : snapshots) {
        throw_if_stopped(stop);
        check.run(snapshot);
    }
    const Damage damage = PackCheckRun(repository, usage, report).run(progress, stop);
    if (!damage.empty()) {
        DamageLocator locator(repository, damage, report.findings);
        for (const SnapshotRecord& snapshot : snapshots) locator.run(snapshot);
    }
    merge_neighbours(report.findings);
    return report;
}

}  // namespace varve
