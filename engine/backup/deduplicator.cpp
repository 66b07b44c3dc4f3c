#include "engine/backup/deduplicator.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/repository/slot_in_force.h"

namespace varve {
namespace {

/// Another program on this host changed the catalog after the chunk was found in it.
[[noreturn]] void throw_gone(const PackId& pack) {
    throw Error(
        ErrorCode::conflict,
        fmt::format("pack {}, which this backup depends on, was condemned, or the catalog was rebuilt, while it ran; "
                    "nothing was committed, run the backup again",
                    pack.hex()));
}

}  // namespace

ChunkAddress Deduplicator::put(const ChunkId& id, const Fingerprint& fingerprint, ByteView plain) {
    if (const auto pending = pending_.find(id); pending != pending_.end()) {
        ++chunks_reused_;
        return pending->second;
    }
    bool is_damaged = false;
    const auto is_sound = [&](const ChunkAddress& address) {
        if (own_packs_.contains(address.pack) || !soundness_.culprit(address)) return true;
        is_damaged = true;
        return false;
    };
    if (const auto known = catalog_.find_chunk(id, is_sound)) {
        ++chunks_reused_;
        note_hit(*known);
        return *known;
    }
    const ChunkAddress address = session_.put_chunk(id, fingerprint, plain);
    ++chunks_new_;
    if (is_damaged) ++chunks_stored_again_;
    pending_.emplace(id, address);
    if (own_packs_.insert(address.pack).second) note_durable();
    return address;
}

/// A patch depends on its base's pack as well.
void Deduplicator::note_hit(const ChunkAddress& address) {
    if (own_packs_.contains(address.pack)) return;
    hits_.insert(address.pack);
    SlotsInForce slots(catalog_);
    const auto hit = slots.find(address);
    if (!hit) throw_gone(address.pack);
    if (!hit->is_patch()) return;
    const auto base = slots.base_of(*hit);
    if (!base) throw_gone(address.pack);
    hits_.insert(base->pack);
}

/// Makes what became durable findable through the catalog, so that memory holds only the ids of the last few packs.
void Deduplicator::note_durable() {
    const std::vector<StoredPack> durable = session_.take_durable();
    if (durable.empty()) return;
    catalog_.add_uncommitted(durable);
    for (const StoredPack& pack : durable)
        for (const Slot& slot : pack.slots->slots) pending_.erase(slot.id);
}

void Deduplicator::adopt_orphans() {
    for (auto hit = hits_.begin(); hit != hits_.end();) {
        const auto pack = catalog_.pack(*hit);
        if (!pack) throw_gone(*hit);
        if (pack->state == PackState::uncommitted) {
            session_.adopt({pack->facts, catalog_.slots(*hit)});
            hit = hits_.erase(hit);
        } else {
            ++hit;
        }
    }
}

std::vector<StoredPack> Deduplicator::finish() {
    adopt_orphans();
    return session_.finish();
}

}  // namespace varve
