#include "tests/model/view.h"

#include <algorithm>

namespace varve::model {
namespace {

bool contains(const std::vector<PackId>& packs, PackId pack) {
    return std::find(packs.begin(), packs.end(), pack) != packs.end();
}

}  // namespace

bool View::is_live_commit(std::size_t number) const {
    if (number == 0) return false;
    for (std::size_t n = number + 1; n <= end_; ++n)
        if (log_.at(n).kind == EntryKind::forget && log_.at(n).snapshot == log_.at(number).snapshot) return false;
    return true;
}

bool View::is_held(SnapshotId snapshot) const {
    for (std::size_t n = number_of(snapshot) + 1; n <= end_; ++n) {
        const Entry& entry = log_.at(n);
        if (entry.kind == EntryKind::hold && entry.snapshot == snapshot) return true;
    }
    return false;
}

std::vector<const Entry*> View::live_commits() const {
    std::vector<const Entry*> commits;
    for (std::size_t n = 1; n <= end_; ++n) {
        if (log_.at(n).kind == EntryKind::commit && is_live_commit(n)) commits.push_back(&log_.at(n));
    }
    return commits;
}

std::size_t View::number_of(SnapshotId snapshot) const {
    for (std::size_t n = end_; n > 0; --n) {
        if (log_.at(n).kind == EntryKind::commit && log_.at(n).snapshot == snapshot) return n;
    }
    return 0;
}

const Entry* View::commit_of(SnapshotId snapshot) const {
    const std::size_t number = number_of(snapshot);
    return number == 0 ? nullptr : &log_.at(number);
}

// Tables are followed in the order of the log, each from where the ones before led.
std::optional<Address> View::resolve(Address at, const Store* reader_of_tables) const {
    for (std::size_t n = 1; n <= end_; ++n) {
        const Entry& entry = log_.at(n);
        if (reader_of_tables != nullptr && entry.table_pack && !reader_of_tables->has(*entry.table_pack)) continue;
        const auto moved =
            std::find_if(entry.table.begin(), entry.table.end(), [&](const Moved& m) { return m.from == at; });
        if (moved != entry.table.end()) at = moved->to;
    }
    return is_condemned(at.pack) ? std::nullopt : std::optional(at);
}

bool View::has_base(Address at, const Store& store, const Rules& rules) const {
    const std::optional<Address>& base = store.slot(at).base;
    return !base || !rules.on(Rule::bases_must_resolve) || resolve(*base).has_value();
}

std::vector<const Entry*> View::line_of(const Entry& commit) const {
    std::vector<const Entry*> line = {&commit};
    std::optional<SnapshotId> parent = commit.parent;
    for (std::size_t generations = 0; parent && generations < end_; ++generations) {  // recopied ids may form a circle
        std::optional<SnapshotId> grandparent;
        for (std::size_t n = 1; n <= end_; ++n) {
            const Entry& entry = log_.at(n);
            if (entry.kind != EntryKind::commit || entry.snapshot != *parent) continue;
            line.push_back(&entry);
            if (entry.parent) grandparent = entry.parent;
        }
        parent = grandparent;
    }
    return line;
}

bool View::is_written(PackId pack) const {
    for (std::size_t n = 1; n <= end_; ++n) {
        if (contains(log_.at(n).packs, pack)) return true;
    }
    return false;
}

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

std::vector<PackId> View::packs_written() const {
    std::vector<PackId> packs;
    for (std::size_t n = 1; n <= end_; ++n) {
        for (PackId pack : log_.at(n).packs) {
            if (!contains(packs, pack)) packs.push_back(pack);
        }
    }
    return packs;
}

std::vector<Moved> View::table_in(PackId pack) const {
    for (std::size_t n = 1; n <= end_; ++n) {
        if (log_.at(n).table_pack == pack) return log_.at(n).table;
    }
    return {};
}

}  // namespace varve::model
