#include "engine/jobs/verify.h"

#include <map>
#include <set>
#include <vector>

#include "engine/jobs/damage_locator.h"
#include "engine/jobs/log_check.h"
#include "engine/jobs/map_check.h"
#include "engine/jobs/pack_check_run.h"
#include "engine/jobs/pack_usage.h"
#include "engine/jobs/table_check.h"
#include "engine/jobs/verify_order.h"

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

/// So do the times of packs that are gone.
void note_gone_packs(const Repository& repository, const VerifyTimes& times, VerifyReport& report) {
    for (const auto& [id, time] : times.packs) {
        const std::optional<ListedPack> pack = repository.catalog.pack(id);
        if (!pack || pack->state == PackState::condemned) report.gone_packs.insert(id);
    }
}

void check_config(const RepositoryInfo& info, VerifyReport& report) {
    if (info.config_fault.empty()) return;
    report.findings.push_back(finding_about(FindingKind::config_damaged, "config", info.config_fault));
}

/// Each pack in the scope once, ascending by id.
std::vector<PackFacts> packs_in_scope(const Catalog& catalog, const PackUsage& usage, VerifyScope scope) {
    std::map<PackId, PackFacts> packs;
    if (scope == VerifyScope::repository)
        for (const ListedPack& pack : catalog.packs())
            if (pack.state == PackState::committed) packs.emplace(pack.facts.id, pack.facts);
    for (const PackId& id : usage.packs())
        if (const auto pack = catalog.pack(id)) packs.emplace(id, pack->facts);
    std::vector<PackFacts> ascending;
    ascending.reserve(packs.size());
    for (const auto& [id, facts] : packs) ascending.push_back(facts);
    return ascending;
}

/// How many of the data packs are read whole, if time suffices.
std::size_t packs_to_read(const std::vector<PackFacts>& data_packs, const VerifyRequest& request) {
    if (request.depth == VerifyDepth::structure) return 0;
    return request.sample ? packs_in_sample(data_packs, *request.sample) : data_packs.size();
}

PacksToCheck packs_to_check(const std::vector<PackFacts>& packs, const VerifyRequest& request) {
    PacksToCheck chosen;
    std::vector<PackFacts> data_packs;
    for (const PackFacts& pack : packs) (pack.kind == PackKind::metadata ? chosen.whole : data_packs).push_back(pack);
    sort_by_last_verified(data_packs, request.last_verified);
    const auto rest = data_packs.begin() + static_cast<std::ptrdiff_t>(packs_to_read(data_packs, request));
    chosen.while_time.assign(data_packs.begin(), rest);
    chosen.by_trailer.assign(rest, data_packs.end());
    chosen.deadline = request.deadline;
    return chosen;
}

void check_tables(const Repository& repository, const LogCheck& log, VerifyReport& report,
                  const std::stop_token& stop) {
    TableCheck tables(repository, report);
    for (const LoggedMoveTable& table : log.move_tables()) {
        throw_if_stopped(stop);
        tables.check(table);
    }
    tables.check_slot_table_copies(stop);
}

/// Notes the snapshots, and which of them are whole.
void summarise(std::span<const SnapshotRecord> snapshots, VerifyReport& report) {
    std::set<std::string> damaged;
    for (const Finding& finding : report.findings) damaged.insert(finding.snapshot);
    for (const SnapshotRecord& snapshot : snapshots)
        report.snapshots.push_back({snapshot.id, snapshot.disk, snapshot.time, !damaged.contains(snapshot.id.hex())});
}

}  // namespace

VerifyReport verify(const Repository& repository, std::span<const SnapshotRecord> snapshots,
                    const VerifyRequest& request, Progress& progress, const std::stop_token& stop) {
    VerifyReport report;
    report.mode = request.depth == VerifyDepth::structure ? VerifyMode::structure : VerifyMode::repository;
    check_config(repository.info, report);
    LogCheck log(repository, report);
    log.run(stop);
    PackUsage usage(repository.catalog);
    MapCheck maps(repository, usage, report.findings);
    for (const SnapshotRecord& snapshot : snapshots) {
        throw_if_stopped(stop);
        maps.run(snapshot);
    }
    report.checked_pages = maps.proved_pages();
    if (request.scope == VerifyScope::repository) check_tables(repository, log, report, stop);
    settle_gone_packs(repository, report);
    note_gone_packs(repository, request.last_verified, report);
    const PacksToCheck packs = packs_to_check(packs_in_scope(repository.catalog, usage, request.scope), request);
    report.data_packs = packs.by_trailer.size() + packs.while_time.size();
    const Damage damage = PackCheckRun(repository, report).run(packs, progress, stop);
    if (!damage.empty()) {
        DamageLocator locator(repository, damage, report.findings);
        for (const SnapshotRecord& snapshot : snapshots) locator.run(snapshot);
    }
    merge_neighbours(report.findings);
    summarise(snapshots, report);
    return report;
}

}  // namespace varve
