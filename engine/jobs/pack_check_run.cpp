#include "engine/jobs/pack_check_run.h"

#include <map>

#include "engine/base/error.h"
#include "engine/base/ordered_pipeline.h"

namespace varve {
namespace {

Finding pack_finding(FindingKind kind, const PackId& pack, std::string message) {
    Finding finding;
    finding.kind = kind;
    finding.object = "pack " + pack.hex();
    finding.message = std::move(message);
    return finding;
}

}  // namespace

const std::string* Damage::find(const ChunkAddress& current) const {
    if (const auto slot = slots.find(current); slot != slots.end()) return &slot->second;
    const auto pack = packs.find(current.pack);
    return pack == packs.end() ? nullptr : &pack->second;
}

Damage PackCheckRun::run(Progress& progress, const std::stop_token& stop) {
    const std::vector<ListedPack> packs = packs_to_check();
    ByteCount total;
    for (const ListedPack& pack : packs) total += pack.facts.size;
    progress.begin("verifying", total);
    OrderedPipeline<PackFacts, Checked> pipeline(worker_count(), worker_count() + 1,
                                                 [this](PackFacts&& facts) { return check(facts); });
    ByteCount done;
    const auto take = [&] {
        throw_if_stopped(stop);
        const Checked checked = pipeline.take();
        note(checked);
        done += checked.facts.size;
        progress.advance(done);
    };
    for (const ListedPack& pack : packs) pipeline.feed(pack.facts, take);
    pipeline.drain(take);
    return std::move(damage_);
}

std::vector<ListedPack> PackCheckRun::packs_to_check() const {
    std::map<PackId, ListedPack> packs;
    if (scope_ == VerifyScope::repository)
        for (const ListedPack& pack : repository_.catalog.packs())
            if (pack.state == PackState::committed) packs.emplace(pack.facts.id, pack);
    for (const PackId& id : usage_.packs())
        if (const auto pack = repository_.catalog.pack(id)) packs.emplace(id, *pack);
    std::vector<ListedPack> ascending;
    for (const auto& [id, pack] : packs) ascending.push_back(pack);
    return ascending;
}

PackCheckRun::Checked PackCheckRun::check(const PackFacts& facts) const {
    Checked checked;
    checked.facts = facts;
    try {
        checked.counts =
            repository_.chunks.check_pack(facts, [&](const PackDamage& damage) { checked.damages.push_back(damage); });
    } catch (const Error& error) {
        if (error.code() != ErrorCode::not_found) throw;
        if (const auto pack = repository_.catalog.pack(facts.id); pack && pack->state == PackState::condemned)
            return checked;  // a prune beside this job moved what was needed, and verified it
        checked.is_missing = true;
        checked.damages.push_back({std::nullopt, error.what(), false});
    }
    return checked;
}

void PackCheckRun::note(const Checked& checked) {
    if (checked.facts.kind == PackKind::data) {
        report_.checked_chunks += checked.counts.slots;
        report_.checked_bytes += checked.counts.plain;
    }
    if (!checked.is_missing) report_.settled_packs.insert(checked.facts.id);
    for (const PackDamage& damage : checked.damages) {
        if (damage.spoils_all) report_.damage.packs.insert(checked.facts.id);
        if (damage.slot) {
            report_.damage.slots.insert({checked.facts.id, *damage.slot});
            damage_.slots.emplace(ChunkAddress{checked.facts.id, *damage.slot}, damage.message);
            continue;
        }
        report_.findings.push_back(
            pack_finding(checked.is_missing ? FindingKind::pack_missing : FindingKind::pack_damaged, checked.facts.id,
                         damage.message));
        if (checked.is_missing) damage_.packs.emplace(checked.facts.id, damage.message);
    }
}

}  // namespace varve
