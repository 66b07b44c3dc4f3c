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
                fmt::format("slot {} of pack {} is gone: no move table that can be read names it; if one is damaged, "
                            "'varve repair' on a host that read it before writes it anew",
                            address.slot, address.pack.hex()));
}

}  // namespace

void Liveness::add(const SnapshotRecord& snapshot, const std::stop_token& stop) {
    const DiskMap map(chunks_, snapshot);
    mark_subtree(map, map_root_level, map.root(), stop);
    for (const Attachment& attachment : snapshot.attachments) mark(attachment.address, SlotKind::attachment);
}

/// A page that is marked was read before, with everything below it.
void Liveness::mark_subtree(const DiskMap& map, int level, const Subtree& subtree, const std::stop_token& stop) {
    if (subtree.kind != MapKind::present || !mark(subtree.page, SlotKind::page)) return;
    throw_if_stopped(stop);
    if (const SubstitutePage* other = substitutes_.find(level, current(subtree.page)))
        return mark_substitute(map, *other, stop);
    if (level == 0) return mark_chunks(*map.leaf(subtree));
    const auto page = map.inner(level, subtree);
    for (const Subtree& child : page->entries) mark_subtree(map, level - 1, child, stop);
}

/// What a page needs that is not in the repository yet.
void Liveness::mark_substitute(const DiskMap& map, const SubstitutePage& page, const std::stop_token& stop) {
    if (!added_substitutes_.insert(&page).second) return;
    throw_if_stopped(stop);
    if (page.level == 0) return mark_chunks(leaf_of(page));
    const InnerPage inner = inner_of(page);
    for (std::size_t i = 0; i < map_fanout; ++i) {
        if (const auto child = page.children.find(i); child != page.children.end())
            mark_substitute(map, *child->second, stop);
        else
            mark_subtree(map, page.level - 1, inner.entries[i], stop);
    }
}

/// Marks the slot that `address` means today, and its base if it is a patch. False: it was marked before. What marks a
/// page must also read it, so nothing else may be taken for one.
bool Liveness::mark(const ChunkAddress& address, SlotKind kind) { return mark_now(current(address), kind); }

void Liveness::mark_chunks(const LeafPage& page) {
    const std::vector<ChunkAddress> addresses = PresentChunks(page).addresses;
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

/// Takes over what a map says of a pack whose slot table is lost.
void Liveness::believe(Plane& plane, const ChunkAddress& now, SlotKind kind) {
    if (now.slot >= slots_per_pack_max) return;
    if (now.slot >= plane.needed.size()) {
        plane.needed.resize(now.slot + std::size_t{1});
        plane.kinds.resize(plane.needed.size());
    }
    if (!plane.needed[now.slot]) plane.kinds[now.slot] = kind;
}

bool Liveness::set(Plane& plane, const ChunkAddress& now, SlotKind kind) {
    if (!plane.has_table) believe(plane, now, kind);
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
    Plane plane;
    const auto table = table_of(pack);
    plane.has_table = table != nullptr;
    if (!plane.has_table) return planes_.emplace(pack, std::move(plane)).first->second;
    plane.needed.resize(table->slots.size());
    plane.bases = table->patch_bases;
    if (!std::ranges::all_of(table->slots, [](const Slot& slot) { return is_data(slot.kind); }))
        for (const Slot& slot : table->slots) plane.kinds.push_back(slot.kind);
    return planes_.emplace(pack, std::move(plane)).first->second;
}

/// Null: it is lost, of a metadata pack. A data pack without one names no bases, so it must have one.
std::shared_ptr<const SlotTable> Liveness::table_of(const PackId& pack) const {
    try {
        return catalog_.slots(pack);
    } catch (const Error& error) {
        if (!is_damaged_or_missing(error)) throw;
        const auto known = catalog_.pack(pack);
        if (!known || known->facts.kind != PackKind::metadata) throw;
        return nullptr;
    }
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
