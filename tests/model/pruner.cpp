#include "tests/model/pruner.h"

#include <algorithm>
#include <set>

namespace varve::model {
namespace {

// Whether a pruner that asks the users of `pack` asks this snapshot. Without Rule::ask_heirs, a name in a forgotten
// commit does not count.
bool is_asked(const View& view, const Rules& rules, const Entry& commit, PackId pack) {
    if (rules.on(Rule::ask_heirs)) return true;  // see the promise that every pack is named in its line
    const std::vector<const Entry*> line = view.line_of(commit);
    return std::any_of(line.begin(), line.end(),
                       [&](const Entry* one) { return one->names(pack) && view.is_live(one->snapshot); });
}

// Where everything is that live snapshots need.
std::set<Address> live_addresses(const View& view, const Store& store, const Rules& rules) {
    std::set<Address> live;
    for (const Entry* commit : view.live_commits()) {
        for (Address at : commit->map) {
            if (!is_asked(view, rules, *commit, at.pack)) continue;
            if (const auto now = view.resolve(at)) live.insert(*now);
            const std::optional<Address>& base = store.slot(at).base;
            if (!base) continue;
            if (const auto now = view.resolve(*base)) live.insert(*now);
        }
    }
    return live;
}

}  // namespace

void Pruner::step(Step& step) {
    switch (next_) {
        case Next::read_log:
            view_ = step.env.log.size();
            step.tell([&] { return "reads the log to " + std::to_string(view_); });
            next_ = Next::list_and_plan;
            return;
        case Next::list_and_plan:
            return plan(step);
        case Next::copy:
            return copy(step);
        case Next::sync_copies:
            step.env.store.sync();
            step.tell([] { return std::string("syncs its copies"); });
            next_ = Next::enter;
            return;
        case Next::enter:
            return enter(step);
        case Next::remove:
        case Next::remove_before_entry:
            return remove_one(step);
        case Next::nothing:
            return;
    }
}

// Any orphan may be missed, because lists may lag; any other pack may be left as it is.
void Pruner::plan(Step& step) {
    const View view(step.env.log, view_);
    const Store& store = step.env.store;
    const std::set<Address> live = live_addresses(view, store, step.env.rules);
    condemned_.clear();
    to_copy_.clear();
    to_remove_.clear();
    for (PackId pack : store.list()) {
        if (view.is_condemned(pack)) {
            to_remove_.push_back(pack);  // left by a pruner that was killed, or that is still at it
            continue;
        }
        bool has_dead = false;
        for (std::size_t slot = 0; slot < store.slot_count(pack); ++slot) {
            if (!live.contains({pack, slot})) has_dead = true;
        }
        const bool own_copy = std::find(copies_.begin(), copies_.end(), pack) != copies_.end() && !view.is_named(pack);
        const bool candidate = !own_copy && (has_dead || takes_ == Takes::any_pack);
        if (candidate && step.choices.yes_or_no()) condemned_.push_back(pack);
    }
    keep_good_copies(step);
    for (Address at : live) {
        if (is_in_plan(at.pack)) to_copy_.push_back(at);
    }
    step.tell([&] {
        std::string text = "plans to condemn";
        for (PackId pack : condemned_) text += " " + std::to_string(pack);
        return condemned_.empty() ? std::string("finds nothing to condemn") : text;
    });
    if (needs_copies(step)) {
        next_ = Next::copy;
    } else if (!condemned_.empty() && !step.env.rules.on(Rule::enter_before_delete)) {
        next_ = Next::remove_before_entry;
    } else {
        next_ = condemned_.empty() ? Next::remove : Next::enter;
    }
    if (next_ == Next::remove && to_remove_.empty()) next_ = Next::nothing;
}

// After a lost race, copies are used again in the next plan.
void Pruner::keep_good_copies(const Step& step) {
    const View view(step.env.log, view_);
    const bool checks = step.env.rules.on(Rule::check_own_copies);
    std::erase_if(copies_, [&](PackId pack) { return is_in_plan(pack) || (checks && view.is_condemned(pack)); });
}

void Pruner::copy(Step& step) {
    std::vector<Slot> slots;
    for (Address at : to_copy_) {
        if (copy_of(step, at)) continue;
        if (!step.env.store.has(at.pack)) {
            step.tell([&] { return "misses pack " + std::to_string(at.pack) + ", and starts over"; });
            next_ = Next::read_log;
            return;
        }
        slots.push_back(step.env.store.slot(at));
    }
    const PackId pack = step.env.name_pack(step.self, packs_started_++, slots);
    step.tell([&] { return "copies what lives in them to pack " + std::to_string(pack); });
    step.env.put_pack(pack, slots);
    copies_.push_back(pack);
    if (!step.env.rules.on(Rule::enter_before_delete)) {
        next_ = Next::remove_before_entry;
    } else {
        next_ = step.env.power_may_fail() ? Next::sync_copies : Next::enter;
    }
}

void Pruner::enter(Step& step) {
    Entry entry;
    entry.kind = EntryKind::move;
    entry.author = step.self;
    entry.condemned = condemned_;
    for (Address at : to_copy_) {
        const Address to = *copy_of(step, at);
        entry.table.push_back({at, to});
        if (std::find(entry.packs.begin(), entry.packs.end(), to.pack) == entry.packs.end()) {
            entry.packs.push_back(to.pack);
        }
    }
    switch (append_.step(step, entry, view_ + 1)) {
        case LogAppend::Result::pending:
            return;
        case LogAppend::Result::lost_race:
            ++view_;
            if (step.env.rules.on(Rule::plan_again)) next_ = Next::list_and_plan;
            return;
        case LogAppend::Result::entered:
            to_remove_.insert(to_remove_.end(), condemned_.begin(), condemned_.end());
            std::erase_if(to_remove_, [&](PackId pack) { return !step.env.store.has(pack); });
            next_ = to_remove_.empty() ? Next::nothing : Next::remove;
            return;
    }
}

void Pruner::remove_one(Step& step) {
    std::vector<PackId>& packs = next_ == Next::remove ? to_remove_ : condemned_;
    const std::size_t index = step.choices.pick(packs.size());
    const PackId pack = packs[index];
    if (next_ == Next::remove_before_entry) {
        step.env.store.remove(pack);
        step.tell([&] { return "deletes pack " + std::to_string(pack); });
        next_ = Next::enter;
        return;
    }
    if (step.env.rules.on(Rule::sync_before_delete)) step.env.sync_log();
    packs.erase(packs.begin() + static_cast<std::ptrdiff_t>(index));
    if (packs.empty()) next_ = Next::nothing;
    if (step.env.faults.late_requests > 0 && step.choices.yes_or_no()) {
        --step.env.faults.late_requests;
        step.env.late.push_back({.kind = LateRequest::Kind::remove_pack, .pack = pack});
        step.tell([&] { return "asks to delete pack " + std::to_string(pack) + " and gives up waiting"; });
        return;
    }
    step.env.store.remove(pack);
    step.tell([&] { return "deletes pack " + std::to_string(pack); });
}

// In a copy, a slot is recognised by its contents.
std::optional<Address> Pruner::copy_of(const Step& step, Address live) const {
    const Slot& wanted = step.env.store.slot(live);
    for (PackId pack : copies_) {
        for (std::size_t slot = 0; slot < step.env.store.slot_count(pack); ++slot) {
            const Slot& found = step.env.store.slot({pack, slot});
            if (found.chunk == wanted.chunk && found.base == wanted.base) return Address{pack, slot};
        }
    }
    return std::nullopt;
}

bool Pruner::needs_copies(const Step& step) const {
    return std::any_of(to_copy_.begin(), to_copy_.end(), [&](Address at) { return !copy_of(step, at); });
}

bool Pruner::is_in_plan(PackId pack) const {
    return std::find(condemned_.begin(), condemned_.end(), pack) != condemned_.end();
}

void Pruner::add_to(StateHash& hash) const {
    hash.add(static_cast<std::size_t>(next_));
    if (is_done()) return;
    hash.add(view_);
    hash.add(condemned_);
    hash.add(to_copy_);
    hash.add(copies_);
    hash.add(to_remove_);
    hash.add(packs_started_);
    hash.add(append_);
}

}  // namespace varve::model
