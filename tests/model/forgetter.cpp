#include "tests/model/forgetter.h"

#include <vector>

namespace varve::model {

std::optional<SnapshotId> Forgetter::choose(const View& view) const {
    if (named_) return view.is_live(*named_) && !view.is_held(*named_) ? named_ : std::nullopt;
    std::vector<const Entry*> live = view.live_commits();
    if (!live.empty()) live.pop_back();
    for (const Entry* commit : live)
        if (!view.is_held(commit->snapshot)) return commit->snapshot;
    return std::nullopt;
}

bool Forgetter::can_step(const Environment& env) const {
    return next_ == Next::forget || (next_ == Next::read_log && choose(View(env.log, env.log.size())));
}

void Forgetter::step(Step& step) {
    if (next_ == Next::read_log) {
        view_ = step.env.log.size();
        chosen_ = choose(View(step.env.log, view_)).value();
        step.tell([&] { return "reads the log to " + std::to_string(view_); });
        next_ = Next::forget;
        return;
    }
    Entry entry;
    entry.kind = EntryKind::forget;
    entry.author = step.self;
    entry.snapshot = chosen_;
    entry.by_rules = !named_;
    const LogAppend::Result result = append_.step(step, entry, view_ + 1);
    if (result == LogAppend::Result::entered) next_ = Next::nothing;
    if (result == LogAppend::Result::lost_race) choose_again(step);
}

void Forgetter::choose_again(const Step& step) {
    view_ = step.env.log.size();
    if (!step.env.rules.on(named_ ? Rule::names_choose_again : Rule::rules_choose_again)) return;
    const std::optional<SnapshotId> choice = choose(View(step.env.log, view_));
    if (choice)
        chosen_ = *choice;
    else
        next_ = Next::nothing;
}

void Forgetter::add_to(StateHash& hash) const {
    hash.add(static_cast<std::size_t>(next_));
    if (is_done()) return;
    hash.add(chosen_);
    hash.add(view_);
    hash.add(append_);
}

}  // namespace varve::model
