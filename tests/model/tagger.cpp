#include "tests/model/tagger.h"

#include "tests/model/view.h"

namespace varve::model {

bool Tagger::can_step(const Environment& env) const {
    return next_ == Next::hold || (next_ == Next::read_log && View(env.log, env.log.size()).is_live(snapshot_));
}

void Tagger::step(Step& step) {
    if (next_ == Next::read_log) {
        view_ = step.env.log.size();
        step.tell([&] { return "reads the log to " + std::to_string(view_); });
        next_ = Next::hold;
        return;
    }
    Entry entry;
    entry.kind = EntryKind::hold;
    entry.author = step.self;
    entry.snapshot = snapshot_;
    const LogAppend::Result result = append_.step(step, entry, view_ + 1);
    if (result == LogAppend::Result::entered) next_ = Next::nothing;
    if (result != LogAppend::Result::lost_race) return;
    view_ = step.env.log.size();
    if (!View(step.env.log, view_).is_live(snapshot_)) next_ = Next::nothing;
}

void Tagger::add_to(StateHash& hash) const {
    hash.add(static_cast<std::size_t>(next_));
    if (is_done()) return;
    hash.add(view_);
    hash.add(append_);
}

}  // namespace varve::model
