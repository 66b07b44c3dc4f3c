#include "tests/model/pruner.h"

#include <algorithm>

namespace varve::model {
namespace {

constexpr std::size_t attempts_max = 2;

bool is_among(const std::vector<PackId>& packs, PackId pack) {
    return std::find(packs.begin(), packs.end(), pack) != packs.end();
}

// Whether a pruner that asks the users of `pack` asks this snapshot. Without Rule::ask_heirs, a name in a forgotten
// commit does not count.
bool is_asked(const View& view, const Rules& rules, const Entry& commit, PackId pack) {
    if (rules.on(Rule::ask_heirs)) return true;  // see the promise that every pack is named in its line
    const std::vector<const Entry*> line = view.line_of(commit);
    return std::any_of(line.begin(), line.end(),
                       [&](const Entry* one) { return one->names(pack) && view.is_live(one->snapshot); });
}

// The addresses in the maps of live snapshots, and those of bases: as they were written, before any move.
std::set<Address> addresses_in_use(const View& view, const Store& store, const Rules& rules,
                                   const std::vector<SnapshotId>& passed_over) {
    std::set<Address> used;
    for (const Entry* commit : view.live_commits()) {
        if (std::find(passed_over.begin(), passed_over.end(), commit->snapshot) != passed_over.end()) continue;
        for (Address at : commit->map) {
            if (!is_asked(view, rules, *commit, at.pack)) continue;
            used.insert(at);
            const std::optional<Address> now = view.resolve(at);
            const std::optional<Address> base = store.slot(now.value_or(at)).base;
            if (base) used.insert(*base);
        }
    }
    return used;
}

// Where all of them are now.
std::set<Address> live_addresses(const View& view, const Store& store, const Rules& rules,
                                 const std::vector<SnapshotId>& passed_over = {}) {
    std::set<Address> live;
    for (Address at : addresses_in_use(view, store, rules, passed_over))
        if (const auto now = view.resolve(at)) live.insert(*now);
    return live;
}

bool can_be_read(const Environment& env, const View& view, Address at) {
    if (!env.store.has(at.pack) || env.is_damaged(at)) return false;
    const std::optional<Address>& base = env.store.slot(at).base;
    if (!base) return true;
    const std::optional<Address> now = view.resolve(*base);
    return now && env.store.has(now->pack) && !env.is_damaged(*now);
}

// Whether the content is anywhere else.
bool has_replacement(const Environment& env, const View& view, Chunk chunk) {
    for (PackId pack : view.packs_written())
        for (std::size_t slot = 0; slot < env.store.slot_count(pack); ++slot)
            if (env.store.slot({pack, slot}).chunk == chunk && can_be_read(env, view, {pack, slot})) return true;
    return false;
}

}  // namespace

void Pruner::step(Step& step) {
    switch (next_) {
        case Next::read_log:
            return read_log(step);
        case Next::list_and_plan:
            return plan(step);
        case Next::look_at_leases:
            return look_at_leases(step);
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

void Pruner::read_log(Step& step) {
    step.env.take_lease(step.self);
    view_ = step.env.log.size();
    step.tell([&] { return "reads the log to " + std::to_string(view_); });
    next_ = Next::list_and_plan;
    if (step.env.features.leases && !step.env.rules.on(Rule::leases_after_list)) look_at_leases(step);
}

// Any orphan may be missed, because lists may lag; any other pack may be left as it is.
void Pruner::plan(Step& step) {
    const View view(step.env.log, view_);
    const std::set<Address> live = live_addresses(view, step.env.store, step.env.rules);
    condemned_.clear();
    orphans_.clear();
    marked_.clear();
    lines_.clear();
    packs_.clear();
    table_pack_.reset();
    to_remove_.clear();
    for (const Entry* commit : view.live_commits()) marked_.push_back(commit->snapshot);
    for (PackId pack : step.env.store.list()) {
        if (view.is_condemned(pack)) {
            // left by a pruner that was killed, or that is still at it
            if (takes_ != Takes::damaged_packs) to_remove_.push_back(pack);
            continue;
        }
        if (!is_candidate(step, view, pack, live) || !step.choices.yes_or_no()) continue;
        condemned_.push_back(pack);
        if (!view.is_named(pack)) orphans_.push_back(pack);
    }
    step.tell([&] {
        std::string text = "plans to condemn";
        for (PackId pack : condemned_) text += " " + std::to_string(pack);
        return condemned_.empty() ? std::string("finds nothing to condemn") : text;
    });
    const bool looks = step.env.features.leases && step.env.rules.on(Rule::leases_after_list) && !orphans_.empty();
    if (looks) {
        next_ = Next::look_at_leases;
    } else {
        begin(step);
    }
}

bool Pruner::is_candidate(const Step& step, const View& view, PackId pack, const std::set<Address>& live) const {
    const Environment& env = step.env;
    if (takes_ == Takes::damaged_packs)
        return std::any_of(live.begin(), live.end(), [&](Address at) { return at.pack == pack && env.is_damaged(at); });
    if (takes_ == Takes::any_pack) return true;
    if (!view.table_in(pack).empty()) return false;
    for (std::size_t slot = 0; slot < env.store.slot_count(pack); ++slot)
        if (!live.contains({pack, slot})) return true;
    return false;
}

// While another writer is alive, orphans stay. Its lease may be taken for dead.
void Pruner::look_at_leases(Step& step) {
    Environment& env = step.env;
    is_writer_alive_ = false;
    for (ActorIndex writer : std::vector<ActorIndex>(env.leases)) {
        if (writer == step.self) continue;
        if (env.faults.misjudged_leases > 0 && step.choices.yes_or_no()) {
            --env.faults.misjudged_leases;
            env.was_lease_misjudged = true;
            env.drop_lease(writer);
            step.tell([&] { return "takes the lease of [" + std::to_string(writer + 1) + "] for dead"; });
            continue;
        }
        is_writer_alive_ = true;
    }
    step.tell([&] { return std::string(is_writer_alive_ ? "sees" : "sees no") + " lease of a writer at work"; });
    if (next_ == Next::look_at_leases) begin(step);
}

// What is planned, but for the orphans that are spared, is carried out.
void Pruner::begin(const Step& step) {
    const bool is_spared = step.env.features.leases && is_writer_alive_;
    std::erase_if(orphans_, [&](PackId pack) {
        if (!is_spared || (step.env.rules.on(Rule::fresh_pack_ids) && Environment::author_of(pack) == step.self))
            return false;
        std::erase(condemned_, pack);
        return true;
    });
    if (!condemned_.empty()) {
        next_ = Next::copy;
        const bool skips_entry = step.env.features.leases && !step.env.rules.on(Rule::condemn_orphans_first);
        if (!skips_entry) return;
        for (PackId pack : orphans_) {
            step.env.store.remove(pack);
            std::erase(condemned_, pack);
            step.tell([&] { return "deletes orphan pack " + std::to_string(pack); });
        }
        orphans_.clear();
    }
    if (condemned_.empty()) remove_rest(step);
}

void Pruner::remove_rest(const Step& step) {
    next_ = Next::remove;
    if (to_remove_.empty()) finish(step);
}

void Pruner::finish(const Step& step) {
    next_ = Next::nothing;
    step.env.drop_lease(step.self);
}

// All that lives in the condemned packs, into one pack, as whole chunks; then the table of the moves, and those of the
// condemned tables.
void Pruner::copy(Step& step) {
    const Environment& env = step.env;
    const View view(env.log, view_);
    const std::set<Address> live = live_addresses(view, env.store, env.rules);
    std::vector<Slot> slots;
    std::vector<Address> from;
    for (Address at : live) {
        if (!is_condemned(at.pack)) continue;
        if (!env.store.has(at.pack)) {
            step.tell([&] { return "misses pack " + std::to_string(at.pack) + ", and starts over"; });
            return start_over(step);
        }
        if (const std::optional<Slot> copy = copy_of(step, view, at)) {
            slots.push_back(*copy);
            from.push_back(at);
        } else if (env.rules.on(Rule::keep_unreadable)) {
            step.tell([&] { return "cannot read " + at.text() + ", so its pack stays"; });
            keep(at.pack);
        }
    }
    if (!slots.empty()) {
        const PackId pack = env.name_pack(step.self, packs_started_++, slots);
        for (std::size_t slot = 0; slot < slots.size(); ++slot)
            if (is_condemned(from[slot].pack)) lines_.push_back({from[slot], {pack, slot}});
        step.tell([&] { return "copies what lives in them to pack " + std::to_string(pack); });
        step.env.put_pack(pack, slots);
        packs_.push_back(pack);
    }
    if (condemned_.empty()) return remove_rest(step);
    repeat_moves(step, view);
    put_table(step);
    if (!env.rules.on(Rule::enter_before_delete)) {
        next_ = Next::remove_before_entry;
    } else {
        next_ = env.power_may_fail() && !packs_.empty() ? Next::sync_copies : Next::enter;
    }
}

// Nothing: it is damaged, and its content is nowhere else.
std::optional<Slot> Pruner::copy_of(const Step& step, const View& view, Address at) const {
    const Chunk chunk = step.env.store.slot(at).chunk;
    if (can_be_read(step.env, view, at)) return Slot{chunk, {}};
    if (!step.env.rules.on(Rule::check_copies)) return Slot{garbage, {}};
    if (has_replacement(step.env, view, chunk)) return Slot{chunk, {}};
    return std::nullopt;
}

void Pruner::keep(PackId pack) {
    std::erase(condemned_, pack);
    std::erase(orphans_, pack);
}

// Every move in a condemned table whose content still exists.
void Pruner::repeat_moves(const Step& step, const View& view) {
    const Rules& rules = step.env.rules;
    if (!rules.on(Rule::repeat_moves)) return;
    const std::set<Address> used = addresses_in_use(view, step.env.store, rules, {});
    for (PackId table : condemned_) {
        for (const Moved& line : view.table_in(table)) {
            if (!rules.on(Rule::repeat_moves_of_dead) && !used.contains(line.from)) continue;
            const std::optional<Address> now = view.resolve(line.from);
            if (!now || *now == line.from || moved(line.from)) continue;
            if (const std::optional<Address> copy = moved(*now)) {
                lines_.push_back({line.from, *copy});
            } else if (!is_condemned(now->pack)) {
                lines_.push_back({line.from, *now});
            }
        }
    }
}

void Pruner::put_table(Step& step) {
    table_pack_.reset();
    if (lines_.empty() || step.env.features.tables == Features::Tables::in_entries) return;
    const std::vector<Slot> table = {{table_content, {}}};
    table_pack_ = step.env.name_pack(step.self, packs_started_++, table);
    step.tell([&] { return "puts the table of its moves in pack " + std::to_string(*table_pack_); });
    step.env.put_pack(*table_pack_, table);
    packs_.push_back(*table_pack_);
}

void Pruner::enter(Step& step) {
    Entry entry;
    entry.kind = EntryKind::move;
    entry.author = step.self;
    entry.condemned = condemned_;
    entry.packs = packs_;
    entry.table = lines_;
    entry.table_pack = table_pack_;
    switch (append_.step(step, entry, view_ + 1)) {
        case LogAppend::Result::pending:
            return;
        case LogAppend::Result::lost_race:
            return recheck(step);
        case LogAppend::Result::entered:
            check_kindness(step);
            to_remove_.insert(to_remove_.end(), condemned_.begin(), condemned_.end());
            std::erase_if(to_remove_, [&](PackId pack) { return !step.env.store.has(pack); });
            return remove_rest(step);
    }
}

// A promise: the packs of a writer that holds a lease stay, unless the lease was taken for dead.
void Pruner::check_kindness(const Step& step) const {
    if (step.env.was_lease_misjudged || !step.env.rules.on(Rule::fresh_pack_ids)) return;
    for (PackId pack : orphans_) {
        const ActorIndex author = Environment::author_of(pack);
        if (author == step.self || !step.env.has_lease(author)) continue;
        step.env.violation = name() + " condemns pack " + std::to_string(pack) + " of [" + std::to_string(author + 1) +
                             "], which holds a lease";
    }
}

// New snapshots may need what was dead, and new commits name what was an orphan. Those packs stay, and with them every
// table, since what was repeated of it may be where they are not to be.
void Pruner::recheck(Step& step) {
    const Environment& env = step.env;
    const Rules& rules = env.rules;
    bool has_moved = false;
    while (view_ < env.log.size())
        if (env.log.at(++view_).kind == EntryKind::move) has_moved = true;
    if (!rules.on(Rule::recheck_plan)) return;
    if (rules.on(Rule::start_over_after_move) && has_moved) return start_over(step);
    const View view(env.log, view_);
    const std::set<Address> live =
        live_addresses(view, env.store, rules, rules.on(Rule::mark_each_commit) ? std::vector<SnapshotId>{} : marked_);
    std::vector<PackId> staying;
    for (PackId pack : condemned_) {
        const bool is_needed =
            std::any_of(live.begin(), live.end(), [&](Address at) { return at.pack == pack && !moved(at); });
        if (is_needed || (is_among(orphans_, pack) && view.is_named(pack))) staying.push_back(pack);
    }
    if (staying.empty()) return;
    for (PackId pack : staying) keep(pack);
    std::erase_if(lines_, [&](const Moved& line) { return is_among(staying, line.from.pack); });
    if (rules.on(Rule::tables_stay)) {
        std::erase_if(condemned_, [&](PackId pack) { return !view.table_in(pack).empty(); });
        std::erase_if(lines_, [&](const Moved& line) { return !is_condemned(line.from.pack); });
    }
    step.tell([&] { return "leaves " + std::to_string(staying.size()) + " packs, which are needed now"; });
    if (condemned_.empty()) return start_over(step);
    put_table(step);
    if (env.power_may_fail() && table_pack_) next_ = Next::sync_copies;
}

// Its copies are orphans now.
void Pruner::start_over(const Step& step) {
    next_ = Next::read_log;
    append_ = {};
    if (++attempts_ == attempts_max) finish(step);
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
    if (packs.empty()) finish(step);
    if (step.env.faults.late_requests > 0 && step.choices.yes_or_no()) {
        --step.env.faults.late_requests;
        step.env.late.push_back({.kind = LateRequest::Kind::remove_pack, .pack = pack});
        step.tell([&] { return "asks to delete pack " + std::to_string(pack) + " and gives up waiting"; });
        return;
    }
    step.env.store.remove(pack);
    step.tell([&] { return "deletes pack " + std::to_string(pack); });
}

std::optional<Address> Pruner::moved(Address from) const {
    const auto line = std::find_if(lines_.begin(), lines_.end(), [&](const Moved& one) { return one.from == from; });
    return line == lines_.end() ? std::nullopt : std::optional(line->to);
}

bool Pruner::is_condemned(PackId pack) const { return is_among(condemned_, pack); }

void Pruner::add_to(StateHash& hash) const {
    hash.add(static_cast<std::size_t>(next_));
    if (is_done()) return;
    hash.add(attempts_);
    hash.add(view_);
    hash.add(std::size_t{is_writer_alive_});
    hash.add(condemned_);
    hash.add(orphans_);
    hash.add(marked_);
    hash.add(lines_);
    hash.add(packs_);
    hash.add(table_pack_);
    hash.add(to_remove_);
    hash.add(packs_started_);
    hash.add(append_);
}

}  // namespace varve::model
