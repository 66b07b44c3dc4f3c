#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/model/address.h"

namespace varve::model {

enum class EntryKind { commit, forget, move, hold };

/// One line of a move table.
struct Moved {
    Address from;
    Address to;

    void add_to(StateHash& hash) const {
        hash.add(from);
        hash.add(to);
    }
};

/// One entry of the log. Each kind uses the members named after it.
struct Entry {
    EntryKind kind = EntryKind::commit;
    ActorIndex author = 0;
    SnapshotId snapshot = 0;           // commit, forget, hold
    bool by_rules = false;             // forget: chosen by retention rules, not by a user
    std::optional<SnapshotId> parent;  // commit
    std::vector<PackId> packs;         // commit: written and adopted; move: written
    std::vector<PackId> hit_packs;     // commit: older packs that gave a dedup hit or a base
    std::vector<Address> map;          // commit
    std::vector<Chunk> content;  // commit: what the map must give; the invariants' and the parent compare's knowledge
    std::vector<Moved> table;    // move
    std::optional<PackId> table_pack;  // move: the pack that the table is in; none: in the entry itself
    std::vector<PackId> condemned;     // move

    /// Whether a commit names `pack` as written, adopted or hit.
    bool names(PackId pack) const;

    std::string text() const;
    void add_to(StateHash& hash) const;
};

/// The numbered entries. A number is taken once and for all; an entry never changes or disappears, unless power fails
/// before it is durable.
class Log {
public:
    /// Whether the entries of `beginning` are the first ones here: in the code, a digest says so.
    bool begins_with(const Log& beginning) const;

    /// A power cut takes all after entry `size`.
    void truncate(std::size_t size) { entries_.resize(size); }

    std::size_t size() const { return entries_.size(); }
    const Entry& at(std::size_t number) const { return *entries_.at(number - 1); }  // the first is number 1

    /// Puts `entry` if `number` is the next one. False if it is taken.
    bool put_if_absent(std::size_t number, const Entry& entry) {
        if (number != size() + 1) return false;
        entries_.push_back(std::make_shared<const Entry>(entry));
        return true;
    }

    void add_to(StateHash& hash) const {
        hash.add(entries_.size());
        for (const auto& entry : entries_) hash.add(*entry);
    }

private:
    std::vector<std::shared_ptr<const Entry>> entries_;  // shared by all states that have them
};

}  // namespace varve::model
