#include "tests/model/checkpointer.h"

namespace varve::model {

void Checkpointer::step(Step& step) {
    switch (next_) {
        case Next::read_log:
            read_ = step.env.log;
            step.tell([&] { return "reads the log to " + std::to_string(read_.size()); });
            next_ = step.env.rules.on(Rule::log_before_checkpoint) ? Next::sync_log : Next::put;
            return;
        case Next::sync_log:
            step.env.sync_log();
            step.tell([] { return std::string("syncs the log"); });
            next_ = Next::put;
            return;
        case Next::put:
            step.env.checkpoints.push_back(read_);  // durable at once, which is the worst case
            step.tell([&] { return "puts a checkpoint at " + std::to_string(read_.size()); });
            next_ = Next::nothing;
            return;
        case Next::nothing:
            return;
    }
}

void Checkpointer::add_to(StateHash& hash) const {
    hash.add(static_cast<std::size_t>(next_));
    if (!is_done()) hash.add(read_.size());
}

}  // namespace varve::model
