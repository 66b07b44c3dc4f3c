#pragma once

#include <string>

#include "tests/model/environment.h"

namespace varve::model {

/// The last step of a prune: writes down the state of the log as it has read it, for readers to start from.
class Checkpointer {
public:
    std::string name() const { return "checkpointer"; }
    bool is_done() const { return next_ == Next::nothing; }
    bool can_step(const Environment&) const { return !is_done(); }
    void step(Step& step);
    void add_to(StateHash& hash) const;

private:
    enum class Next { read_log, sync_log, put, nothing };

    Next next_ = Next::read_log;
    Log read_;
};

}  // namespace varve::model
