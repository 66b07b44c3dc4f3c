#include "engine/backup/deduplicator.h"

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {
namespace {

/// Another program on this host changed the catalog since the chunk was found there.
[[noreturn]] void throw_gone(const PackId& pack) {
    throw Error(ErrorCode::conflict,
                fmt::format("pack {}, which this backup counted on, was given up or the catalog made "
                            "again meanwhile; nothing was committed, run the backup again",
                            pack.hex()));
}

}  // namespace

ChunkAddress ChunkDeposit::put(const ChunkId& id, const Fingerprint& fingerprint, ByteView plain) {
    if (const auto pending = pending_.find(id); pending != pending_.end()) {
        ++chunks_reused_;
        return pending->second;
    }
    if (const auto known = catalog_.find_chunk(id)) {
        ++chunks_reused_;
        note_hit(*known);
        return *known;
    }
    const ChunkAddress address = session_.put_chunk(id, fingerprint, plain);
    ++chunks_new_;
    pending_.emplace(id, address);
    if (own_packs_.insert(address.pack).second) note_durable();
    return address;
}

/// A patch counts on its base's pack as well.
void ChunkDeposit::note_hit(const ChunkAddress& address) {
    if (own_packs_.contains(address.pack)) return;
    hits_.insert(address.pack);
    const auto table = catalog_.slots(address.pack);
    if (table->slots.at(address.slot).kind != SlotKind::patch) return;
    const auto base = catalog_.current(table->base_of(address.slot));
    if (!base) throw_gone(address.pack);
    hits_.insert(base->pack);
}

/// What became durable is findable through the catalog, so that memory holds only the last few packs' ids.
void ChunkDeposit::note_durable() {
    const std::vector<StoredPack> durable = session_.take_durable();
    if (durable.empty()) return;
    catalog_.add_uncommitted(durable);
    for (const StoredPack& pack : durable)
        for (const Slot& slot : pack.slots->slots) pending_.erase(slot.id);
}

void ChunkDeposit::adopt_orphans() {
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

std::vector<StoredPack> ChunkDeposit::finish() {
    adopt_orphans();
    return session_.finish();
}

}  // namespace varve
