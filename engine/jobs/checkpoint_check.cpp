#include "engine/jobs/checkpoint_check.h"

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {
namespace {

std::string removal_advice(LogNumber number) {
    return fmt::format(
        "nothing is lost with it, because the log itself holds all of it: remove 'checkpoints/{:016}', a later prune "
        "writes a new one",
        number);
}

}  // namespace

CheckpointCheck::CheckpointCheck(const CommitLog& log, VerifyReport& report)
    : log_(log), report_(report), numbers_(log.checkpoints()) {
    if (!numbers_.empty()) state_ = state_at(log.genesis());
}

void CheckpointCheck::pass(const LogRecord& record) {
    if (is_done()) return;
    try {
        if (state_) state_->apply(record);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::corrupt) throw;
        state_.reset();
        why_unknown_ = error.what();
    }
    for (; !is_done() && numbers_[next_] <= record.head.number; ++next_) check(numbers_[next_], &record.head);
    if (is_done()) state_.reset();
}

void CheckpointCheck::pass(const LostEntries& lost) {
    state_.reset();
    why_unknown_ = lost.what;
    for (; !is_done() && numbers_[next_] <= lost.last; ++next_) check(numbers_[next_], nullptr);
}

void CheckpointCheck::finish(LogNumber end) {
    for (; !is_done(); ++next_) {
        const LogNumber number = numbers_[next_];
        report(
            FindingKind::checkpoint_damaged, number,
            fmt::format("checkpoint {} lies beyond the end of the log, which is entry {}: the log was rolled back or "
                        "has lost its last entries. If it was rolled back on purpose, remove 'checkpoints/{:016}'",
                        number, end, number));
    }
}

/// `there` is the entry of the checkpoint as read, null for a lost one.
void CheckpointCheck::check(LogNumber number, const LogHead* there) {
    try {
        const std::optional<LogState> checkpoint = log_.checkpoint(number);
        if (checkpoint) compare(*checkpoint, there);  // else a prune has removed it in the meantime
    } catch (const Error& error) {
        if (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::unsupported) throw;
        report(FindingKind::checkpoint_damaged, number, fmt::format("{}; {}", error.what(), removal_advice(number)));
    }
}

void CheckpointCheck::compare(const LogState& checkpoint, const LogHead* there) {
    const LogNumber number = checkpoint.head.number;
    if (there != nullptr && checkpoint.head != *there)
        return report(FindingKind::checkpoint_damaged, number,
                      fmt::format("checkpoint {} was made of another log: entry {} is not the one that it names; {}",
                                  number, number, removal_advice(number)));
    if (!state_)
        return report(
            FindingKind::checkpoint_unproven, number,
            fmt::format("checkpoint {} is intact, but cannot be proved against the log: {}", number, why_unknown_));
    if (checkpoint != *state_)
        return report(FindingKind::checkpoint_damaged, number,
                      fmt::format("checkpoint {} does not hold what entries 1 to {} of the log lead to; {}; run 'varve "
                                  "rebuild' on hosts that may have started from it",
                                  number, number, removal_advice(number)));
    ++report_.checked_checkpoints;
}

void CheckpointCheck::report(FindingKind kind, LogNumber number, std::string message) {
    report_.findings.push_back(finding_about(kind, fmt::format("checkpoint {}", number), std::move(message)));
}

}  // namespace varve
