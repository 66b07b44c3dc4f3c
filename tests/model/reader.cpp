#include "tests/model/reader.h"

namespace varve::model {

bool Reader::can_step(const Environment& env) const {
    if (next_ == Next::read_log) return View(env.log, env.log.size()).is_live(snapshot_);
    return !is_done();
}

void Reader::step(Step& step) {
    switch (next_) {
        case Next::read_log:
            return read_log(step);
        case Next::read_chunk:
            return read_chunk(step);
        case Next::read_log_again:
            return read_log_again(step);
        case Next::nothing:
            return;
    }
}

// A checkpoint that fits leads to the same view as the entries.
void Reader::read_log(Step& step) {
    const Environment& env = step.env;
    for (const Log& checkpoint : env.checkpoints) {
        const bool fits = env.log.begins_with(checkpoint);
        if (fits || env.rules.on(Rule::checkpoint_must_fit)) continue;
        believed_ = checkpoint;
        for (std::size_t n = checkpoint.size() + 1; n <= env.log.size(); ++n)
            believed_->put_if_absent(n, env.log.at(n));
    }
    view_ = log(step).size();
    commit_ = View(log(step), view_).number_of(snapshot_);
    step.tell([&] { return "reads the log to " + std::to_string(view_) + (believed_ ? ", from a checkpoint" : ""); });
    next_ = Next::read_chunk;
    if (commit_ != 0) return;
    next_ = Next::nothing;
    step.env.violation = name() + " does not find the snapshot, which is live";
}

void Reader::read_chunk(Step& step) {
    const Address at = commit(step).map[position_];
    if (misses(step, View(log(step), view_), missed_)) {
        ++misses_;
        step.tell([&] { return "misses pack " + std::to_string(missed_) + ", where " + at.text() + " should be"; });
        const Rules& rules = step.env.rules;
        const bool gives_up =
            !rules.on(Rule::read_log_again) || (!rules.on(Rule::miss_twice_is_no_loss) && misses_ == 2);
        if (gives_up) return report_loss(step);
        next_ = Next::read_log_again;
        return;
    }
    step.tell([&] { return "reads " + at.text(); });
    ++position_;
    misses_ = 0;
    if (position_ == commit(step).map.size()) next_ = Next::nothing;
}

// A pack was missing before the log was read: if it was deleted rightfully, an entry read now condemns it.
void Reader::read_log_again(Step& step) {
    for (std::size_t n = log(step).size() + 1; believed_ && n <= step.env.log.size(); ++n)
        believed_->put_if_absent(n, step.env.log.at(n));
    const std::size_t newer = log(step).size() - view_;
    const bool sees_all = step.env.rules.on(Rule::read_log_by_number) || newer == 0;
    view_ += sees_all ? newer : step.choices.pick(newer + 1);
    step.tell([&] { return "reads the log again, to " + std::to_string(view_); });
    const View view(log(step), view_);
    if (!view.is_live_commit(commit_)) {
        step.tell([] { return std::string("where its snapshot is forgotten"); });
        next_ = Next::nothing;
        return;
    }
    PackId missing = 0;
    if (misses(step, view, missing) && missing == missed_) return report_loss(step);
    next_ = Next::read_chunk;
}

void Reader::report_loss(Step& step) {
    next_ = Next::nothing;
    if (!View(step.env.log, step.env.log.size()).is_live_commit(commit_)) return;
    step.env.violation = name() + " reports loss, and the snapshot is live";
}

bool Reader::misses(const Step& step, const View& view, PackId& missing) const {
    const Address at = commit(step).map[position_];
    std::optional<Address> needed = at;
    while (needed) {
        const std::optional<Address> now = view.resolve_afresh(*needed, step.env.store);
        missing = now ? now->pack : needed->pack;
        if (!now || !step.env.store.has(now->pack)) return true;
        needed = step.env.store.slot(*now).base;
    }
    return false;
}

const Entry& Reader::commit(const Step& step) const { return log(step).at(commit_); }

void Reader::add_to(StateHash& hash) const {
    hash.add(static_cast<std::size_t>(next_));
    if (is_done()) return;
    hash.add(view_);
    hash.add(commit_);
    hash.add(believed_);
    hash.add(position_);
    hash.add(missed_);
    hash.add(misses_);
}

}  // namespace varve::model
