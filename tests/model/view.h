#pragma once

#include <optional>
#include <vector>

#include "tests/model/log.h"
#include "tests/model/rules.h"
#include "tests/model/store.h"

namespace varve::model {

/// The contents of the log up to one number: everything that an actor may conclude from having read that far.
/// Borrows the log for its short life.
class View {
public:
    View(const Log& log, std::size_t end) : log_(log), end_(end) {}

    bool is_live(SnapshotId snapshot) const { return is_live_commit(number_of(snapshot)); }
    /// Whether the entry is a commit whose snapshot has not been forgotten since. After that, a copy may commit the
    /// same snapshot again.
    bool is_live_commit(std::size_t number) const;
    /// Tagged so that neither rules nor a user without force forget it.
    bool is_held(SnapshotId snapshot) const;
    std::vector<const Entry*> live_commits() const;
    /// The number of the newest commit of the snapshot; 0: none.
    std::size_t number_of(SnapshotId snapshot) const;
    const Entry* commit_of(SnapshotId snapshot) const;

    /// Where the chunk is now. Nothing if its pack was condemned and the table dropped it.
    std::optional<Address> resolve(Address at) const { return resolve(at, nullptr); }
    /// The same for a host that reads the log only now: it skips the tables whose packs are gone.
    std::optional<Address> resolve_afresh(Address at, const Store& store) const { return resolve(at, &store); }

    /// Whether the chunk can be read in this view: it resolves, and its base, if it is a patch, does too.
    bool is_usable(Address at, const Store& store, const Rules& rules) const {
        return resolve(at).has_value() && has_base(at, store, rules);
    }
    /// Whether the base of a patch resolves. True for a whole chunk.
    bool has_base(Address at, const Store& store, const Rules& rules) const;

    /// The commits of the snapshot, of its parent, of the parent's parent, ...: live or not.
    std::vector<const Entry*> line_of(const Entry& commit) const;

    /// Named by an entry of any kind, as written or as condemned.
    bool is_named(PackId pack) const { return is_written(pack) || is_condemned(pack); }
    bool is_written(PackId pack) const;
    bool is_condemned(PackId pack) const;
    /// Condemned by an entry before which no entry had named it.
    bool is_condemned_as_orphan(PackId pack) const;

    /// All packs that entries wrote, regardless of their fate.
    std::vector<PackId> packs_written() const;

    /// The moves whose table is in `pack`; empty: it holds chunks.
    std::vector<Moved> table_in(PackId pack) const;

private:
    std::optional<Address> resolve(Address at, const Store* reader_of_tables) const;

    const Log& log_;
    std::size_t end_;
};

}  // namespace varve::model
