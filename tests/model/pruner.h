#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/model/log_append.h"
#include "tests/model/view.h"

namespace varve::model {

/// A prune: condemns some packs with dead chunks and some orphans, copies their live chunks to a new pack, enters the
/// move, and deletes the condemned packs. The choice of packs and the order of deletion are free: every policy is
/// tried.
class Pruner {
public:
    /// Whether packs without a dead chunk may be condemned too (small packs are rewritten).
    enum class Takes { packs_with_dead_chunks, any_pack };

    explicit Pruner(Takes takes) : takes_(takes) {}

    std::string name() const { return "pruner"; }
    bool is_done() const { return next_ == Next::nothing; }
    bool can_step(const Environment&) const { return !is_done(); }
    void step(Step& step);
    void add_to(StateHash& hash) const;

private:
    enum class Next { read_log, list_and_plan, copy, sync_copies, enter, remove, remove_before_entry, nothing };

    void plan(Step& step);
    void copy(Step& step);
    void enter(Step& step);
    void remove_one(Step& step);
    void keep_good_copies(const Step& step);
    std::optional<Address> copy_of(const Step& step, Address live) const;
    bool needs_copies(const Step& step) const;
    bool is_in_plan(PackId pack) const;

    Takes takes_;
    Next next_ = Next::read_log;
    std::size_t view_ = 0;  // the number up to which the log has been read
    std::vector<PackId> condemned_;
    std::vector<Address> to_copy_;  // live chunks and bases in condemned packs
    std::vector<PackId> copies_;    // packs written so far, of this plan and of those before
    std::vector<PackId> to_remove_;
    std::size_t packs_started_ = 0;
    LogAppend append_;
};

}  // namespace varve::model
