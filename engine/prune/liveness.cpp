#include "engine/prune/liveness.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/progress.h"
#include "engine/repository/slot_record.h"

namespace varve {
namespace {

[[noreturn]] void throw_gone(const ChunkAddress& address) {
    throw Error(ErrorCode::corrupt,
                fmt::format("slot {} of pack {} is gone: a move entry condemned the pack without naming the slot",
                            address.slot, address.pack.hex()));
}

}  // namespace

void Liveness::add(const SnapshotRecord& snapshot, const std::stop_token& stop) {
    if (!added_.insert(snapshot.id).second) return;
    const DiskMap map(chunks_, snapshot);
    mark_subtree(map, map_root_level, map.root(), stop);
    for (const Attachment& attachment : snapshot.attachments) mark(attachment.address, SlotKind::attachment);
}

/// A page that is marked was read before, with everything below it.
void Liveness::mark_subtree(const DiskMap& map, int level, const Subtree& subtree, const std::stop_token& stop) {
    if (subtree.kind != MapKind::present || !mark(subtree.page, SlotKind::page)) return;
    throw_if_stopped(stop);
    if (level == 0) {
        const auto page = map.leaf(readable(subtree));
        mark_chunks(PresentChunks(*page).addresses);
        return;
    }
    const auto page = map.inner(level, readable(subtree));
    for (const Subtree& child : page->entries) mark_subtree(map, level - 1, child, stop);
}

/// The same content in a page that can be read.
Subtree Liveness::readable(Subtree subtree) const {
    if (const auto other = substitutes_.find(current(subtree.page))) subtree.page = *other;
    return subtree;
}

/// Marks the slot that `address` means today, and its base if it is a patch. False: it was marked before. What marks a
/// page must also read it, so nothing else may be taken for one.
bool Liveness::mark(const ChunkAddress& address, SlotKind kind) { return mark_now(current(address), kind); }

void Liveness::mark_chunks(std::span<const ChunkAddress> addresses) {
    const auto now = catalog_.all_current(addresses);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        if (!now[i]) throw_gone(addresses[i]);
        mark_now(*now[i], SlotKind::chunk);
    }
}

bool Liveness::mark_now(const ChunkAddress& now, SlotKind kind) {
    Plane& plane = plane_of(now.pack);
    if (!set(plane, now, kind)) return false;
    const auto patch = std::lower_bound(plane.bases.begin(), plane.bases.end(), now.slot,
                                        [](const PatchBase& a, std::uint32_t slot) { return a.slot < slot; });
    if (patch == plane.bases.end() || patch->slot != now.slot) return true;
    const ChunkAddress base = current(patch->base);  // always a whole chunk: patches never chain
    set(plane_of(base.pack), base, SlotKind::chunk);
    return true;
}

ChunkAddress Liveness::current(const ChunkAddress& address) const {
    if (const auto now = catalog_.current(address)) return *now;
    throw_gone(address);
}

bool Liveness::set(Plane& plane, const ChunkAddress& now, SlotKind kind) {
    if (now.slot >= plane.needed.size())
        throw Error(ErrorCode::corrupt, fmt::format("slot {} of pack {} does not exist: the pack has {} slots",
                                                    now.slot, now.pack.hex(), plane.needed.size()));
    if (const SlotKind found = plane.kinds.empty() ? SlotKind::chunk : plane.kinds[now.slot]; found != kind)
        throw Error(ErrorCode::corrupt,
                    fmt::format("slot {} of pack {}: expected a slot of kind {}, found kind {}", now.slot,
                                now.pack.hex(), static_cast<int>(kind), static_cast<int>(found)));
    if (plane.needed[now.slot]) return false;
    plane.needed[now.slot] = true;
    ++plane.count;
    return true;
}

Liveness::Plane& Liveness::plane_of(const PackId& pack) {
    if (const auto found = planes_.find(pack); found != planes_.end()) return found->second;
    const auto table = catalog_.slots(pack);
    Plane plane;
    plane.needed.resize(table->slots.size());
    plane.bases = table->patch_bases;
    if (!std::ranges::all_of(table->slots, [](const Slot& slot) { return is_data(slot.kind); }))
        for (const Slot& slot : table->slots) plane.kinds.push_back(slot.kind);
    return planes_.emplace(pack, std::move(plane)).first->second;
}

const std::vector<bool>& Liveness::slots_of(const PackId& pack) const {
    static const std::vector<bool> none;
    const auto found = planes_.find(pack);
    return found == planes_.end() ? none : found->second.needed;
}

std::vector<ChunkAddress> Liveness::addresses_in(const PackId& pack) const {
    std::vector<ChunkAddress> addresses;
    const std::vector<bool>& needed = slots_of(pack);
    for (std::uint32_t slot = 0; slot < needed.size(); ++slot)
        if (needed[slot]) addresses.push_back({pack, slot});
    return addresses;
}

std::uint32_t Liveness::count_of(const PackId& pack) const {
    const auto found = planes_.find(pack);
    return found == planes_.end() ? 0 : found->second.count;
}

}  // namespace varve
