#pragma once

#include <optional>
#include <string>

#include "tests/model/environment.h"
#include "tests/model/view.h"

namespace varve::model {

/// A restore of one snapshot, chunk after chunk, in a view of the log that may be old, and
/// may have begun at a checkpoint.
class Reader {
public:
    explicit Reader(SnapshotId snapshot) : snapshot_(snapshot) {}

    std::string name() const { return "reader of S" + std::to_string(snapshot_); }
    bool is_done() const { return next_ == Next::nothing; }
    bool can_step(const Environment& env) const;
    void step(Step& step);
    void add_to(StateHash& hash) const;

private:
    enum class Next { read_log, read_chunk, read_log_again, nothing };

    void read_log(Step& step);
    const Log& log(const Step& step) const { return believed_ ? *believed_ : step.env.log; }
    void read_chunk(Step& step);
    void read_log_again(Step& step);
    void report_loss(Step& step);
    /// The pack that must be read next for the chunk but does not exist.
    bool misses(const Step& step, const View& view, PackId& missing) const;
    const Entry& commit(const Step& step) const;

    SnapshotId snapshot_;
    Next next_ = Next::read_log;
    std::size_t view_ = 0;
    std::optional<Log> believed_;  // from a checkpoint of another history; none: the log
    std::size_t commit_ = 0;       // the number of the entry whose map it reads
    std::size_t position_ = 0;
    PackId missed_ = 0;
    std::size_t misses_ = 0;  // of the chunk at position_
};

}  // namespace varve::model
