#include "tests/model/world.h"

#include <algorithm>
#include <set>
#include <variant>
#include <vector>

#include "tests/model/view.h"

namespace varve::model {
namespace {

std::string quoted(SnapshotId snapshot) { return "S" + std::to_string(snapshot); }

enum class When { now, after_power_cut };

// Each chunk is where the view places it, and so is its base.
std::optional<std::string> broken_chunk(const Environment& env, const View& view, const Entry& commit, When when) {
    const auto has = [&](PackId pack) { return when == When::now ? env.store.has(pack) : env.store.has_durable(pack); };
    for (std::size_t i = 0; i < commit.map.size(); ++i) {
        const std::string which = quoted(commit.snapshot) + " is live, and its chunk at " + commit.map[i].text();
        const std::optional<Address> now = view.resolve(commit.map[i]);
        if (!now) return which + " was dropped";
        if (!has(now->pack)) return which + " lay in pack " + std::to_string(now->pack) + ", which is gone";
        if (env.store.slot(*now).chunk != commit.content[i]) return which + " is another chunk";
        const std::optional<Address> afresh =
            env.features.tables == Features::Tables::in_packs ? view.resolve_afresh(commit.map[i], env.store) : now;
        if (!afresh) return which + " is not found by a host that reads the log only now";
        if (*afresh != *now) return which + " is at " + afresh->text() + " for a host that reads the log only now";
        const std::optional<Address>& base = env.store.slot(*now).base;
        if (!base) continue;
        const std::optional<Address> base_now = view.resolve(*base);
        if (!base_now || !has(base_now->pack)) return which + " is a patch of " + base->text() + ", which is gone";
    }
    return std::nullopt;
}

// Every pack of a map is named by the commit or by that of an ancestor: a pruner may rely on this to find a pack's
// users.
std::optional<std::string> unnamed_pack(const View& view, const Entry& commit) {
    const std::vector<const Entry*> line = view.line_of(commit);
    for (Address at : commit.map) {
        if (std::any_of(line.begin(), line.end(), [&](const Entry* one) { return one->names(at.pack); })) continue;
        return quoted(commit.snapshot) + " uses pack " + std::to_string(at.pack) +
               ", which no commit of its line names";
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> broken_promise(const World& world) {
    const Environment& env = world.env;
    if (!env.violation.empty()) return env.violation;
    const View view(env.log, env.log.size());
    std::set<SnapshotId> committed;
    for (std::size_t n = 1; n <= env.log.size(); ++n) {
        const Entry& entry = env.log.at(n);
        if (entry.kind == EntryKind::forget) committed.erase(entry.snapshot);
        if (entry.kind != EntryKind::commit || committed.insert(entry.snapshot).second) continue;
        return quoted(entry.snapshot) + " is committed twice";
    }
    for (const Entry* commit : view.live_commits()) {
        if (auto broken = broken_chunk(env, view, *commit, When::now)) return broken;
        if (auto unnamed = unnamed_pack(view, *commit)) return unnamed;
    }
    if (!env.power_may_fail()) return std::nullopt;
    for (const Log& checkpoint : env.checkpoints)
        if (checkpoint.size() > env.durable_entries)
            return "after a power cut a checkpoint is beyond the end of the log";
    const View durable(env.log, env.durable_entries);
    for (const Entry* commit : durable.live_commits()) {
        if (auto broken = broken_chunk(env, durable, *commit, When::after_power_cut))
            return "after a power cut " + *broken;
    }
    return std::nullopt;
}

void World::add_to(StateHash& hash) const {
    hash.add(env);
    for (const Actor& actor : actors) {
        std::visit([&](const auto& one) { hash.add(one); }, actor);
    }
}

}  // namespace varve::model
