#include "tests/model/store.h"

#include <algorithm>
#include <utility>

namespace varve::model {

void Store::put(PackId id, std::vector<Slot> slots) {
    auto at = std::find_if(packs_.begin(), packs_.end(), [&](const Pack& pack) { return pack.id >= id; });
    if (at != packs_.end() && at->id == id) {
        at->present = true;
    } else {
        packs_.insert(at, Pack{id, std::move(slots), true, false});
    }
}

void Store::remove(PackId id) {
    for (Pack& pack : packs_) {
        if (pack.id == id) pack.present = false;
    }
}

bool Store::has(PackId id) const {
    const Pack* pack = find(id);
    return pack != nullptr && pack->present;
}

void Store::sync() {
    for (Pack& pack : packs_) pack.durable = true;
}

void Store::cut_power() {
    for (Pack& pack : packs_) pack.present = pack.present && pack.durable;
}

bool Store::has_durable(PackId id) const {
    const Pack* pack = find(id);
    return pack != nullptr && pack->present && pack->durable;
}

std::vector<PackId> Store::list() const {
    std::vector<PackId> ids;
    for (const Pack& pack : packs_) {
        if (pack.present) ids.push_back(pack.id);
    }
    return ids;
}

const Slot& Store::slot(Address at) const { return find(at.pack)->slots.at(at.slot); }

std::size_t Store::slot_count(PackId id) const {
    const Pack* pack = find(id);
    return pack == nullptr ? 0 : pack->slots.size();
}

const Store::Pack* Store::find(PackId id) const {
    auto at = std::find_if(packs_.begin(), packs_.end(), [&](const Pack& pack) { return pack.id == id; });
    return at == packs_.end() ? nullptr : &*at;
}

void Store::Pack::add_to(StateHash& hash) const {
    hash.add(id);
    hash.add(slots);
    hash.add((present ? std::size_t{1} : 0) + (durable ? std::size_t{2} : 0));
}

}  // namespace varve::model
