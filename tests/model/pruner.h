#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/model/log_append.h"
#include "tests/model/view.h"

namespace varve::model {

/// A prune: condemns some packs and some orphans, copies what lives in them to a new pack, enters the move, and
/// deletes the condemned packs. The choice of packs and the order of deletion are free: every policy is tried. What is
/// damaged it copies from elsewhere.
class Pruner {
public:
    enum class Takes {
        packs_with_dead_chunks,
        any_pack,      ///< also packs, and tables of moves, that are small: it merges them
        damaged_packs  ///< none but these: it heals, and knows the damage from the start
    };

    explicit Pruner(Takes takes) : takes_(takes) {}

    std::string name() const { return takes_ == Takes::damaged_packs ? "healer" : "pruner"; }
    bool is_done() const { return next_ == Next::nothing; }
    bool can_step(const Environment&) const { return !is_done(); }
    void step(Step& step);
    void add_to(StateHash& hash) const;

private:
    enum class Next {
        read_log,
        list_and_plan,
        look_at_leases,
        copy,
        sync_copies,
        enter,
        remove,
        remove_before_entry,
        nothing
    };

    void read_log(Step& step);
    void plan(Step& step);
    bool is_candidate(const Step& step, const View& view, PackId pack, const std::set<Address>& live) const;
    void look_at_leases(Step& step);
    void begin(const Step& step);
    void remove_rest(const Step& step);
    void finish(const Step& step);

    void copy(Step& step);
    std::optional<Slot> copy_of(const Step& step, const View& view, Address at) const;
    void keep(PackId pack);
    void repeat_moves(const Step& step, const View& view);
    void put_table(Step& step);

    void enter(Step& step);
    void check_kindness(const Step& step) const;
    void recheck(Step& step);
    void start_over(const Step& step);
    void remove_one(Step& step);

    std::optional<Address> moved(Address from) const;
    bool is_condemned(PackId pack) const;

    Takes takes_;
    Next next_ = Next::read_log;
    std::size_t attempts_ = 0;
    std::size_t view_ = 0;  // the number up to which the log has been read
    bool is_writer_alive_ = false;
    std::vector<PackId> condemned_;
    std::vector<PackId> orphans_;     // of these, those that no entry named
    std::vector<SnapshotId> marked_;  // what was live when the plan was made
    std::vector<Moved> lines_;        // of the table
    std::vector<PackId> packs_;       // written, and to be named by the entry
    std::optional<PackId> table_pack_;
    std::vector<PackId> to_remove_;
    std::size_t packs_started_ = 0;
    LogAppend append_;
};

}  // namespace varve::model
