#include "tests/model/view.h"

#include <algorithm>

namespace varve::model {
namespace {

bool contains(const std::vector<PackId>& packs, PackId pack) {
    return std::find(packs.begin(), packs.end(), pack) != packs.end();
}

}  // namespace

bool View::is_live(SnapshotId snapshot) const {
    bool live = false;
    for (std::size_t n = 1; n <= end_; ++n) {
        const Entry& entry = log_.at(n);
        if (entry.kind == EntryKind::commit && entry.snapshot == snapshot) live = true;
        if (entry.kind == EntryKind::forget && entry.snapshot == snapshot) live = false;
    }
    return live;
}

bool View::is_held(SnapshotId snapshot) const {
    for (std::size_t n = 1; n <= end_; ++n) {
        const Entry& entry = log_.at(n);
        if (entry.kind == EntryKind::hold && entry.snapshot == snapshot) return true;
    }
    return false;
}

std::vector<const Entry*> View::live_commits() const {
    std::vector<const Entry*> commits;
    for (std::size_t n = 1; n <= end_; ++n) {
        const Entry& entry = log_.at(n);
        if (entry.kind == EntryKind::commit && is_live(entry.snapshot)) commits.push_back(&entry);
    }
    return commits;
}

const Entry* View::commit_of(SnapshotId snapshot) const {
    for (std::size_t n = 1; n <= end_; ++n) {
        const Entry& entry = log_.at(n);
        if (entry.kind == EntryKind::commit && entry.snapshot == snapshot) return &entry;
    }
    return nullptr;
}

std::optional<Address> View::resolve(Address at) const {
    bool dropped = false;
    for (std::size_t n = 1; n <= end_; ++n) {
        const Entry& entry = log_.at(n);
        // Only a name that is used twice (Rule::fresh_pack_ids off) can reappear.
        if (contains(entry.packs, at.pack)) dropped = false;
        if (!contains(entry.condemned, at.pack)) continue;
        auto moved = std::find_if(entry.table.begin(), entry.table.end(), [&](const Moved& m) { return m.from == at; });
        if (moved == entry.table.end()) {
            dropped = true;
        } else {
            at = moved->to;
        }
    }
    return dropped ? std::nullopt : std::optional(at);
}

bool View::has_base(Address at, const Store& store, const Rules& rules) const {
    const std::optional<Address>& base = store.slot(at).base;
    return !base || !rules.on(Rule::bases_must_resolve) || resolve(*base).has_value();
}

std::vector<const Entry*> View::line_of(const Entry& commit) const {
    std::vector<const Entry*> line;
    for (const Entry* at = &commit; at != nullptr; at = at->parent ? commit_of(*at->parent) : nullptr) {
        line.push_back(at);
    }
    return line;
}

bool View::is_written(PackId pack) const { return contains(packs_written(), pack); }

bool View::is_condemned(PackId pack) const {
    bool condemned = false;
    for (std::size_t n = 1; n <= end_; ++n) {
        if (contains(log_.at(n).packs, pack)) condemned = false;
        if (contains(log_.at(n).condemned, pack)) condemned = true;
    }
    return condemned;
}

bool View::is_condemned_as_orphan(PackId pack) const {
    for (std::size_t n = 1; n <= end_; ++n) {
        if (contains(log_.at(n).packs, pack)) return false;
        if (contains(log_.at(n).condemned, pack)) return true;
    }
    return false;
}

std::vector<PackId> View::packs_in_use() const {
    std::vector<PackId> packs = packs_written();
    std::erase_if(packs, [&](PackId pack) { return is_condemned(pack); });
    return packs;
}

std::vector<PackId> View::packs_written() const {
    std::vector<PackId> packs;
    for (std::size_t n = 1; n <= end_; ++n) {
        for (PackId pack : log_.at(n).packs) {
            if (!contains(packs, pack)) packs.push_back(pack);
        }
    }
    return packs;
}

}  // namespace varve::model
