#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/model/log_append.h"
#include "tests/model/view.h"

namespace varve::model {

/// What one backup stores.
struct Backup {
    SnapshotId snapshot = 0;
    std::optional<SnapshotId> parent;
    std::vector<Chunk> content;
    enum class Orphans { ignore, adopt } orphans = Orphans::ignore;
    enum class Changed { whole, patch } changed = Changed::whole;
    enum class Kind { backup, copy } kind = Kind::backup;  ///< a copy's snapshot may exist already
    enum class Damage { unknown, known } damage = Damage::unknown;
};

/// A backup, or a copy from another repository: takes each chunk of its snapshot from the parent, a dedup hit, an
/// orphan pack or a new pack of its own; makes its packs durable; commits.
class Writer {
public:
    explicit Writer(Backup backup) : backup_(std::move(backup)) {}

    std::string name() const { return (is_copy() ? "copier of S" : "writer of S") + std::to_string(backup_.snapshot); }
    bool is_done() const { return next_ == Next::nothing; }
    bool can_step(const Environment&) const { return !is_done(); }
    void step(Step& step);
    void add_to(StateHash& hash) const;

private:
    enum class Next { read_log, adopt_orphans, store_missing, sync_packs, commit, store_after_commit, nothing };
    enum class Origin { missing, inherited, hit, own };
    struct Position {
        Origin origin = Origin::missing;
        Address at;
        void add_to(StateHash& hash) const;
    };

    bool is_copy() const { return backup_.kind == Backup::Kind::copy; }
    void finish(const Step& step);
    bool avoids(const Step& step, const View& view, Address at) const;
    bool is_parent_live(const Rules& rules, const View& view) const;
    void check_damage(const Step& step, const Entry& entry) const;
    void read_log(Step& step);
    void inherit(const Step& step, const View& view);
    void dedup(Step& step, const View& view);
    void adopt_orphans(Step& step);
    void store_missing(Step& step);
    void commit(Step& step);
    void recheck(const Step& step);
    bool still_holds(const Step& step, const Position& position) const;
    Next after_placing(const Step& step) const;
    bool is_missing_any() const;
    void add_hit_packs(const Step& step, Entry& entry) const;
    std::optional<Address> base_for(const Step& step, std::size_t position) const;

    Backup backup_;
    Next next_ = Next::read_log;
    std::size_t view_ = 0;    // the number up to which the log has been read
    std::size_t parent_ = 0;  // the number of the commit that was inherited from
    std::vector<Position> positions_;
    std::vector<PackId> own_packs_;  // written or adopted, and to be named by the commit
    std::size_t packs_started_ = 0;
    LogAppend append_;
};

}  // namespace varve::model
