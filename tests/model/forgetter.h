#pragma once

#include <string>

#include "tests/model/log_append.h"

namespace varve::model {

/// Forgets one snapshot as soon as it exists. No earlier entry can make that wrong: after a lost race it just takes the
/// next number.
class Forgetter {
public:
    explicit Forgetter(SnapshotId snapshot) : snapshot_(snapshot) {}

    std::string name() const { return "forgetter of S" + std::to_string(snapshot_); }
    bool is_done() const { return next_ == Next::nothing; }
    bool can_step(const Environment& env) const;
    void step(Step& step);
    void add_to(StateHash& hash) const;

private:
    enum class Next { read_log, forget, nothing };

    SnapshotId snapshot_;
    Next next_ = Next::read_log;
    std::size_t view_ = 0;
    LogAppend append_;
};

}  // namespace varve::model
