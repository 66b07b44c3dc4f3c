#include "engine/jobs/verify.h"

#include <set>

#include "engine/jobs/damage_locator.h"
#include "engine/jobs/log_check.h"
#include "engine/jobs/map_check.h"
#include "engine/jobs/pack_check_run.h"

namespace varve {
namespace {

/// What this host remembers of packs that no entry names any more concerns no one.
void settle_gone_packs(const Repository& repository, VerifyReport& report) {
    if (repository.known_damage == nullptr) return;
    const auto settle_if_gone = [&](const PackId& id) {
        const std::optional<ListedPack> pack = repository.catalog.pack(id);
        if (!pack || pack->state == PackState::condemned) report.settled_packs.insert(id);
    };
    for (const PackId& id : repository.known_damage->packs) settle_if_gone(id);
    for (const ChunkAddress& slot : repository.known_damage->slots) settle_if_gone(slot.pack);
}

void check_config(const RepositoryInfo& info, VerifyReport& report) {
    if (info.config_fault.empty()) return;
    Finding finding;
    finding.kind = FindingKind::config_damaged;
    finding.object = "config";
    finding.message = info.config_fault;
    report.findings.push_back(std::move(finding));
}

/// Notes the snapshots, and which of them are whole.
void summarise(std::span<const SnapshotRecord> snapshots, VerifyReport& report) {
    std::set<std::string> damaged;
    for (const Finding& finding : report.findings) damaged.insert(finding.snapshot);
    for (const SnapshotRecord& snapshot : snapshots)
        report.snapshots.push_back({snapshot.id, snapshot.disk, snapshot.time, !damaged.contains(snapshot.id.hex())});
}

}  // namespace

VerifyReport verify(const Repository& repository, std::span<const SnapshotRecord> snapshots, VerifyScope scope,
                    Progress& progress, std::stop_token stop) {
    VerifyReport report;
    check_config(repository.info, report);
    LogCheck(repository, report).run(stop);
    PackUsage usage(repository.catalog);
    MapCheck check(repository, usage, report.findings);
    for (const SnapshotRecord& snapshot : snapshots) {
        throw_if_stopped(stop);
        check.run(snapshot);
    }
    settle_gone_packs(repository, report);
    const Damage damage = PackCheckRun(repository, usage, scope, report).run(progress, stop);
    if (!damage.empty()) {
        DamageLocator locator(repository, damage, report.findings);
        for (const SnapshotRecord& snapshot : snapshots) locator.run(snapshot);
    }
    merge_neighbours(report.findings);
    summarise(snapshots, report);
    return report;
}

}  // namespace varve
