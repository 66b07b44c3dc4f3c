#include "engine/jobs/pack_check_run.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/ordered_pipeline.h"

namespace varve {
namespace {

ByteCount bytes_to_read(const std::vector<PackFacts>& packs) {
    ByteCount bytes;
    for (const PackFacts& pack : packs) bytes += pack.size;
    return bytes;
}

}  // namespace

const std::string* Damage::find(const ChunkAddress& current) const {
    if (const auto slot = slots.find(current); slot != slots.end()) return &slot->second;
    const auto pack = packs.find(current.pack);
    return pack == packs.end() ? nullptr : &pack->second;
}

Damage PackCheckRun::run(const PacksToCheck& packs, Progress& progress, const std::stop_token& stop) {
    progress.begin("verifying", bytes_to_read(packs.whole) + bytes_to_read(packs.while_time));
    OrderedPipeline<Task, Checked> pipeline(worker_count(), worker_count() + 1,
                                            [this](Task&& task) { return check(task); });
    ByteCount done;
    const auto take = [&] {
        const Checked checked = pipeline.take();
        note(checked);
        if (checked.task.depth == PackCheck::whole) done += checked.task.facts.size;
        progress.advance(done);
    };
    report_.is_stopped = !feed_all(packs, [&](Task task) {
        while (pipeline.full()) take();  // before the look at the clock
        if (stop.stop_requested()) return false;
        if (task.until && std::chrono::steady_clock::now() >= *task.until) task.depth = PackCheck::trailer;
        pipeline.feed(task, take);
        return true;
    });
    pipeline.drain(take);
    return std::move(damage_);
}

bool PackCheckRun::feed_all(const PacksToCheck& packs, const std::function<bool(Task)>& feed) {
    for (const PackFacts& facts : packs.whole)
        if (!feed({facts, PackCheck::whole, std::nullopt})) return false;
    for (const PackFacts& facts : packs.by_trailer)
        if (!feed({facts, PackCheck::trailer, std::nullopt})) return false;
    Deadline until;  // the first one is read in any case
    for (const PackFacts& facts : packs.while_time) {
        if (!feed({facts, PackCheck::whole, until})) return false;
        until = packs.deadline;
    }
    return true;
}

PackCheckRun::Checked PackCheckRun::check(const Task& task) const {
    Checked checked;
    checked.task = task;
    try {
        checked.counts = repository_.chunks.check_pack(
            task.facts, task.depth, [&](const PackDamage& damage) { checked.damages.push_back(damage); });
    } catch (const Error& error) {
        if (error.code() != ErrorCode::not_found) throw;
        if (const auto pack = repository_.catalog.pack(task.facts.id); pack && pack->state == PackState::condemned) {
            // A prune beside this job moved what was needed, and verified it.
            checked.presence = Checked::Presence::given_up;
            return checked;
        }
        checked.presence = Checked::Presence::missing;
        checked.damages.push_back({std::nullopt, error.what(), false});
    }
    return checked;
}

void PackCheckRun::note(const Checked& checked) {
    const PackId& pack = checked.task.facts.id;
    if (checked.presence == Checked::Presence::there) {
        ++report_.checked_packs;
        ++report_.checked_slot_tables;
    }
    if (checked.task.depth == PackCheck::whole)
        note_read(checked);
    else if (checked.presence == Checked::Presence::there)
        repeat_known_damage(pack);
    for (const PackDamage& damage : checked.damages) note(checked, damage);
}

void PackCheckRun::note_read(const Checked& checked) {
    const PackFacts& facts = checked.task.facts;
    if (checked.presence != Checked::Presence::missing) report_.settled_packs.insert(facts.id);
    if (facts.kind != PackKind::data) return;
    report_.read_packs.insert(facts.id);
    report_.checked_chunks += checked.counts.slots;
    report_.checked_bytes += checked.counts.plain;
}

void PackCheckRun::note(const Checked& checked, const PackDamage& damage) {
    const PackId& pack = checked.task.facts.id;
    if (damage.spoils_all) report_.damage.packs.insert(pack);
    if (damage.slot) {
        report_.damage.slots.insert({pack, *damage.slot});
        damage_.slots.emplace(ChunkAddress{pack, *damage.slot}, damage.message);
        return;
    }
    const bool is_missing = checked.presence == Checked::Presence::missing;
    if (!is_missing && !damage.spoils_all) report_.damage.blemished.insert(pack);
    report_.findings.push_back(finding_about(is_missing ? FindingKind::pack_missing : FindingKind::pack_damaged,
                                             "pack " + pack.hex(), damage.message));
    if (is_missing) damage_.packs.emplace(pack, damage.message);
}

/// Of a pack that is not read whole, damage from an earlier run is as true as it was.
void PackCheckRun::repeat_known_damage(const PackId& pack) {
    if (repository_.known_damage == nullptr) return;
    const auto& slots = repository_.known_damage->slots;
    for (auto slot = slots.lower_bound({pack, 0}); slot != slots.end() && slot->pack == pack; ++slot)
        damage_.slots.emplace(*slot,
                              fmt::format("{}: an earlier verify on this host found it damaged", slot_name(*slot)));
}

}  // namespace varve
