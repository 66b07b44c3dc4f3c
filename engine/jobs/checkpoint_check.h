#pragma once
/// Proves the checkpoints of the log against its entries, while these are read in order. Reports those that are
/// damaged, that hold another state than the entries lead to, or that lie beyond the end of the log; those that lost
/// entries make unprovable are named as such. Memory: two states of the log. Single use.

#include <optional>
#include <string>
#include <vector>

#include "engine/jobs/verify_report.h"
#include "engine/repository/commit_log.h"
#include "engine/repository/log_damage.h"

namespace varve {

class CheckpointCheck {
public:
    /// Lists the checkpoints: before the log is read, so that their entries are there then. Borrows both.
    CheckpointCheck(const CommitLog& log, VerifyReport& report);

    /// The next readable entry.
    void pass(const LogRecord& record);
    /// What is lost before the next readable entry.
    void pass(const LostEntries& lost);
    /// `end` is the last entry, readable or lost.
    void finish(LogNumber end);

private:
    bool is_done() const { return next_ == numbers_.size(); }
    void check(LogNumber number, const LogHead* there);
    void compare(const LogState& checkpoint, const LogHead* there);
    void report(FindingKind kind, LogNumber number, std::string message);

    const CommitLog& log_;
    VerifyReport& report_;
    const std::vector<LogNumber> numbers_;
    std::size_t next_ = 0;           ///< in numbers_: those before are checked
    std::optional<LogState> state_;  ///< what the entries so far lead to; nullopt: unknown
    std::string why_unknown_;
};

}  // namespace varve
