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

    bool is_live(SnapshotId snapshot) const;
    /// Tagged so that neither rules nor a user without force forget it.
    bool is_held(SnapshotId snapshot) const;
    std::vector<const Entry*> live_commits() const;
    const Entry* commit_of(SnapshotId snapshot) const;

    /// Where the chunk is now. Nothing if its pack was condemned and the table dropped it.
    std::optional<Address> resolve(Address at) const;

    /// Whether the chunk can be read in this view: it resolves, and its base, if it is a patch, does too.
    bool is_usable(Address at, const Store& store, const Rules& rules) const {
        return resolve(at).has_value() && has_base(at, store, rules);
    }
    /// Whether the base of a patch resolves. True for a whole chunk.
    bool has_base(Address at, const Store& store, const Rules& rules) const;

    /// The commit, its parent, the parent's parent, ...: live or not.
    std::vector<const Entry*> line_of(const Entry& commit) const;

    /// Named by an entry of any kind, as written or as condemned.
    bool is_named(PackId pack) const { return is_written(pack) || is_condemned(pack); }
    bool is_written(PackId pack) const;
    bool is_condemned(PackId pack) const;
    /// Condemned by an entry before which no entry had named it.
    bool is_condemned_as_orphan(PackId pack) const;

    /// The packs that entries wrote, without the condemned ones.
    std::vector<PackId> packs_in_use() const;
    /// All packs that entries wrote, regardless of their fate.
    std::vector<PackId> packs_written() const;

private:
    const Log& log_;
    std::size_t end_;
};

}  // namespace varve::model
