#include "tests/model/writer.h"

#include <algorithm>

namespace varve::model {

void Writer::step(Step& step) {
    switch (next_) {
        case Next::read_log:
            return read_log(step);
        case Next::adopt_orphans:
            return adopt_orphans(step);
        case Next::store_missing:
            next_ = step.env.power_may_fail() ? Next::sync_packs : Next::commit;
            return store_missing(step);
        case Next::sync_packs:
            step.env.store.sync();
            step.tell([] { return std::string("syncs its packs"); });
            next_ = Next::commit;
            return;
        case Next::commit:
            return commit(step);
        case Next::store_after_commit:
            store_missing(step);
            return finish(step);
        case Next::nothing:
            return;
    }
}

void Writer::finish(const Step& step) {
    next_ = Next::nothing;
    step.env.drop_lease(step.self);
}

void Writer::read_log(Step& step) {
    step.env.take_lease(step.self);
    view_ = step.env.log.size();
    step.tell([&] { return "reads the log to " + std::to_string(view_); });
    positions_.assign(backup_.content.size(), Position{});
    const View view(step.env.log, view_);
    if (is_copy() && view.is_live(backup_.snapshot)) return finish(step);
    inherit(step, view);
    dedup(step, view);
    const bool adopts = backup_.orphans == Backup::Orphans::adopt && is_missing_any();
    next_ = adopts ? Next::adopt_orphans : after_placing(step);
}

// Takes unchanged chunks from the parent's map, without looking at each address.
void Writer::inherit(const Step& step, const View& view) {
    if (!backup_.parent || !view.commit_of(*backup_.parent)) return;
    if (step.env.rules.on(Rule::parent_is_live) && !view.is_live(*backup_.parent)) return;
    parent_ = view.number_of(*backup_.parent);
    const Entry& parent = step.env.log.at(parent_);
    for (std::size_t i = 0; i < positions_.size() && i < parent.map.size(); ++i) {
        if (parent.content[i] != backup_.content[i] || avoids(step, view, parent.map[i])) continue;
        positions_[i] = {Origin::inherited, parent.map[i]};
        step.tell([&] { return "inherits " + parent.map[i].text(); });
    }
}

// Whether the chunk there is known to be damaged.
bool Writer::avoids(const Step& step, const View& view, Address at) const {
    if (backup_.damage == Backup::Damage::unknown || !step.env.rules.on(Rule::damaged_is_no_hit)) return false;
    const std::optional<Address> now = view.resolve(at);
    return now && step.env.is_damaged(*now);
}

void Writer::dedup(Step& step, const View& view) {
    const Store& store = step.env.store;
    for (std::size_t i = 0; i < positions_.size(); ++i) {
        if (positions_[i].origin != Origin::missing) continue;
        std::vector<Address> hits;
        for (PackId pack : view.packs_written()) {
            for (std::size_t slot = 0; slot < store.slot_count(pack); ++slot) {
                const Address at{pack, slot};
                const bool usable = step.env.rules.on(Rule::condemned_is_no_hit)
                                        ? view.is_usable(at, store, step.env.rules)
                                        : store.has(pack);
                if (!usable || store.slot(at).chunk != backup_.content[i] || avoids(step, view, at)) continue;
                hits.push_back(at);
            }
        }
        if (hits.empty()) continue;
        positions_[i] = {Origin::hit, hits[step.choices.pick(hits.size())]};
        step.tell([&] { return "hits " + positions_[i].at.text(); });
    }
}

// Any orphan may be missed, because lists may lag.
void Writer::adopt_orphans(Step& step) {
    const View view(step.env.log, view_);
    for (PackId pack : step.env.store.list()) {
        const bool named = step.env.rules.on(Rule::moves_name_packs_too) ? view.is_named(pack) : view.is_written(pack);
        if (named) continue;
        bool adopted = false;
        for (std::size_t slot = 0; slot < step.env.store.slot_count(pack); ++slot) {
            const Address at{pack, slot};
            const Slot& found = step.env.store.slot(at);
            // No entry names the orphan, so it has not moved. But a base may have been dropped since.
            if (!view.has_base(at, step.env.store, step.env.rules) || step.env.is_damaged(at)) continue;
            for (std::size_t i = 0; i < positions_.size(); ++i) {
                if (positions_[i].origin != Origin::missing || backup_.content[i] != found.chunk) continue;
                if (!adopted && !step.choices.yes_or_no()) break;
                adopted = true;
                positions_[i] = {Origin::own, at};
            }
        }
        if (!adopted) continue;
        own_packs_.push_back(pack);
        step.tell([&] { return "adopts orphan pack " + std::to_string(pack); });
    }
    if (step.env.rules.on(Rule::sync_adopted) && !own_packs_.empty()) step.env.store.sync();
    if (own_packs_.empty()) step.tell([] { return std::string("finds no orphan to adopt"); });
    next_ = after_placing(step);
}

void Writer::store_missing(Step& step) {
    if (step.env.faults.lost_sources > 0 && step.choices.yes_or_no()) {
        --step.env.faults.lost_sources;
        step.tell([] { return std::string("finds its source gone, and gives up"); });
        return finish(step);
    }
    std::vector<Slot> slots;
    std::vector<std::size_t> stored;
    for (std::size_t i = 0; i < positions_.size(); ++i) {
        if (positions_[i].origin != Origin::missing) continue;
        stored.push_back(i);
        slots.push_back({backup_.content[i], base_for(step, i)});
    }
    const PackId pack = step.env.name_pack(step.self, packs_started_++, slots);
    for (std::size_t slot = 0; slot < stored.size(); ++slot) {
        positions_[stored[slot]] = {Origin::own, Address{pack, slot}};
    }
    own_packs_.push_back(pack);
    step.tell([&] {
        std::string text = "puts pack " + std::to_string(pack) + " with chunks";
        for (const Slot& slot : slots) {
            text += " " + std::to_string(slot.chunk) + (slot.base ? " (patch of " + slot.base->text() + ")" : "");
        }
        return text;
    });
    if (step.env.faults.late_requests > 0 && step.choices.yes_or_no()) {
        --step.env.faults.late_requests;
        step.env.late.push_back({.kind = LateRequest::Kind::put_pack, .pack = pack, .slots = slots});
        step.tell([] { return std::string("gets no reply and puts it again"); });
    }
    step.env.put_pack(pack, slots);
}

void Writer::commit(Step& step) {
    Entry entry;
    entry.kind = EntryKind::commit;
    entry.author = step.self;
    entry.snapshot = backup_.snapshot;
    entry.parent = backup_.parent;
    entry.packs = own_packs_;
    entry.content = backup_.content;
    for (const Position& position : positions_) entry.map.push_back(position.at);
    // Without Rule::durable_before_entry, the pack is still to be written, so where its chunks are in it is unknown.
    if (is_missing_any()) entry.packs.push_back(step.env.name_pack(step.self, packs_started_, {}));
    add_hit_packs(step, entry);

    switch (append_.step(step, entry, view_ + 1)) {
        case LogAppend::Result::pending:
            return;
        case LogAppend::Result::lost_race:
            view_ = step.env.log.size();
            if (is_copy() && step.env.rules.on(Rule::copy_once) &&
                View(step.env.log, view_).is_live(backup_.snapshot)) {
                step.tell([] { return std::string("finds that its snapshot has been copied"); });
                return finish(step);
            }
            recheck(step);
            next_ = after_placing(step);
            return;
        case LogAppend::Result::entered:
            check_damage(step, entry);
            next_ = Next::store_after_commit;
            if (!is_missing_any()) finish(step);
            return;
    }
}

// A promise: what a writer knows to be damaged is not in what it commits.
void Writer::check_damage(const Step& step, const Entry& entry) const {
    if (backup_.damage == Backup::Damage::unknown) return;
    const View view(step.env.log, step.env.log.size());
    for (Address at : entry.map) {
        const std::optional<Address> now = view.resolve(at);
        if (now && step.env.is_damaged(*now))
            step.env.violation = name() + " commits " + at.text() + ", known as damaged";
    }
}

// After a lost race, what no longer resolves is stored anew, as whole chunks, in a new pack.
void Writer::recheck(const Step& step) {
    for (std::size_t i = 0; i < positions_.size(); ++i) {
        Position& position = positions_[i];
        if (still_holds(step, position)) continue;
        step.tell([&] { return "finds " + position.at.text() + " gone"; });
        position = Position{};
    }
    // An own pack to which no address refers any more is not named either.
    std::erase_if(own_packs_, [&](PackId pack) {
        return std::none_of(positions_.begin(), positions_.end(), [&](const Position& position) {
            return position.origin == Origin::own && position.at.pack == pack;
        });
    });
}

bool Writer::still_holds(const Step& step, const Position& position) const {
    if (position.origin == Origin::missing) return true;
    const Rules& rules = step.env.rules;
    const View view(step.env.log, view_);
    const Entry& newest = step.env.log.at(view_);
    const bool usable = view.is_usable(position.at, step.env.store, rules);
    switch (position.origin) {
        case Origin::missing:
            return true;
        case Origin::hit: {
            if (!rules.on(Rule::recheck_hits)) return true;
            if (rules.on(Rule::follow_hits_to_the_end)) return usable;
            const auto is_hit = [&](PackId pack) { return pack == position.at.pack; };
            return usable || std::none_of(newest.condemned.begin(), newest.condemned.end(), is_hit);
        }
        case Origin::own: {
            if (!rules.on(Rule::recheck_own_packs)) return true;
            if (!rules.on(Rule::leases_prove_nothing) && step.env.features.leases) return true;
            const bool condemned = rules.on(Rule::condemned_in_any_role)
                                       ? view.is_condemned(position.at.pack)
                                       : view.is_condemned_as_orphan(position.at.pack);
            return !condemned && view.has_base(position.at, step.env.store, rules);
        }
        case Origin::inherited: {
            if (!rules.on(Rule::walk_if_parent_is_gone)) return true;
            const bool walks = rules.on(Rule::walk_after_every_entry)
                                   ? !is_parent_live(rules, view)
                                   : newest.kind == EntryKind::forget && newest.snapshot == *backup_.parent;
            return !walks || usable;
        }
    }
    return true;
}

bool Writer::is_parent_live(const Rules& rules, const View& view) const {
    return rules.on(Rule::parent_as_committed) ? view.is_live_commit(parent_) : view.is_live(*backup_.parent);
}

Writer::Next Writer::after_placing(const Step& step) const {
    return is_missing_any() && step.env.rules.on(Rule::durable_before_entry) ? Next::store_missing : Next::commit;
}

bool Writer::is_missing_any() const {
    return std::any_of(positions_.begin(), positions_.end(),
                       [](const Position& position) { return position.origin == Origin::missing; });
}

void Writer::add_hit_packs(const Step& step, Entry& entry) const {
    const auto add = [&](PackId pack) {
        const auto holds = [&](const std::vector<PackId>& packs) {
            return std::find(packs.begin(), packs.end(), pack) != packs.end();
        };
        if (!holds(entry.packs) && !holds(entry.hit_packs)) entry.hit_packs.push_back(pack);
    };
    for (const Position& position : positions_) {
        if (position.origin != Origin::hit && position.origin != Origin::own) continue;
        add(position.at.pack);
        const std::optional<Address>& base = step.env.store.slot(position.at).base;
        if (base) add(base->pack);
    }
}

// A changed chunk becomes a patch of the parent's chunk at its place if that is whole. Chunks that a recheck found
// missing are stored whole.
std::optional<Address> Writer::base_for(const Step& step, std::size_t position) const {
    if (backup_.changed == Backup::Changed::whole || packs_started_ > 0 || !backup_.parent) return std::nullopt;
    const View view(step.env.log, view_);
    if (!view.is_live_commit(parent_)) return std::nullopt;
    const Entry& parent = step.env.log.at(parent_);
    if (position >= parent.map.size() || step.env.store.slot(parent.map[position]).base) return std::nullopt;
    return parent.map[position];
}

void Writer::Position::add_to(StateHash& hash) const {
    hash.add(static_cast<std::size_t>(origin));
    hash.add(at);
}

void Writer::add_to(StateHash& hash) const {
    hash.add(static_cast<std::size_t>(next_));
    if (is_done()) return;
    hash.add(view_);
    hash.add(parent_);
    hash.add(positions_);
    hash.add(own_packs_);
    hash.add(packs_started_);
    hash.add(append_);
}

}  // namespace varve::model
