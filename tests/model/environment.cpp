#include "tests/model/environment.h"

#include <algorithm>
#include <set>

#include "tests/model/view.h"

namespace varve::model {

void LateRequest::add_to(StateHash& hash) const {
    hash.add(static_cast<std::size_t>(kind));
    hash.add(number);
    hash.add(entry);
    hash.add(pack);
    hash.add(slots);
}

namespace {

/// What is wrong with a forget entry after the log that it is put behind; empty: nothing.
std::string forgets_too_much(const View& before, const Entry& entry) {
    const std::string which = entry.text();
    if (before.is_held(entry.snapshot)) return which + ", which is on hold";
    const std::vector<const Entry*> live = before.live_commits();
    if (entry.by_rules && !live.empty() && live.back()->snapshot == entry.snapshot) return which + ", the newest";
    return "";
}

}  // namespace

bool Environment::put_entry(std::size_t number, const Entry& entry) {
    if (!log.put_if_absent(number, entry)) return false;
    if (entry.kind == EntryKind::forget)
        if (const std::string wrong = forgets_too_much(View(log, number - 1), entry); !wrong.empty())
            violation = "log/" + std::to_string(number) + ": " + wrong;
    if (!power_may_fail()) sync_log();
    for (PackId pack : entry.packs) {
        if (!store.has(pack)) {
            violation =
                "log/" + std::to_string(number) + " names pack " + std::to_string(pack) + ", which does not exist";
        }
    }
    // A late entry whose number is taken has no effect any more; forgetting it merges states.
    std::erase_if(late, [&](const LateRequest& request) {
        return request.kind == LateRequest::Kind::put_entry && request.number <= log.size();
    });
    return true;
}

void Environment::put_pack(PackId id, const std::vector<Slot>& slots) {
    store.put(id, slots);
    if (!power_may_fail()) store.sync();
}

std::string Environment::deliver(std::size_t index) {
    const LateRequest request = late.at(index);
    late.erase(late.begin() + static_cast<std::ptrdiff_t>(index));
    if (request.kind == LateRequest::Kind::remove_pack) {
        store.remove(request.pack);
        return "a late request deletes pack " + std::to_string(request.pack);
    }
    if (request.kind == LateRequest::Kind::put_pack) {
        put_pack(request.pack, request.slots);
        return "a late request puts pack " + std::to_string(request.pack) + " once more";
    }
    put_entry(request.number, request.entry);
    return "a late request enters log/" + std::to_string(request.number) + ": " + request.entry.text();
}

PackId Environment::name_pack(ActorIndex writer, std::size_t ordinal, const std::vector<Slot>& slots) const {
    if (rules.on(Rule::fresh_pack_ids)) return static_cast<PackId>(10 * (writer + 1) + ordinal);
    std::set<Chunk> chunks;
    for (const Slot& slot : slots) chunks.insert(slot.chunk);
    PackId name = 0;
    for (Chunk chunk : chunks) name = name * 10 + chunk;
    return 1000 + name;
}

bool Environment::is_damaged(Address at) const { return std::find(damage.begin(), damage.end(), at) != damage.end(); }

void Environment::take_lease(ActorIndex writer) {
    if (!features.leases || has_lease(writer)) return;
    leases.insert(std::upper_bound(leases.begin(), leases.end(), writer), writer);
}

void Environment::drop_lease(ActorIndex writer) { std::erase(leases, writer); }

bool Environment::has_lease(ActorIndex writer) const {
    return std::find(leases.begin(), leases.end(), writer) != leases.end();
}

void Environment::cut_power() {
    store.cut_power();
    log.truncate(durable_entries);
    late.clear();
}

void Environment::add_to(StateHash& hash) const {
    hash.add(checkpoints);
    hash.add(faults.misjudged_leases);
    hash.add(faults.lost_sources);
    hash.add(leases);
    hash.add(std::size_t{was_lease_misjudged});
    hash.add(faults.lost_replies);
    hash.add(faults.late_requests);
    hash.add(store);
    hash.add(log);
    hash.add(durable_entries);
    hash.add(late);
}

}  // namespace varve::model
