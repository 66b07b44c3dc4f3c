#pragma once

#include <string>

#include "tests/model/log_append.h"

namespace varve::model {

/// Puts one snapshot on hold. No earlier entry can make that wrong but one that forgot it: then it does nothing.
class Tagger {
public:
    explicit Tagger(SnapshotId snapshot) : snapshot_(snapshot) {}

    std::string name() const { return "tagger of S" + std::to_string(snapshot_); }
    bool is_done() const { return next_ == Next::nothing; }
    bool can_step(const Environment& env) const;
    void step(Step& step);
    void add_to(StateHash& hash) const;

private:
    enum class Next { read_log, hold, nothing };

    SnapshotId snapshot_;
    Next next_ = Next::read_log;
    std::size_t view_ = 0;
    LogAppend append_;
};

}  // namespace varve::model
