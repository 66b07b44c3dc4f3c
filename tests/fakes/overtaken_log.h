#pragma once
/// A log in which something happens right before or after an append: another host is faster, or a reply is lost. For
/// one thread.

#include <functional>
#include <utility>

#include "engine/base/error.h"
#include "engine/repository/commit_log.h"

namespace varve::fakes {

/// What the caller of an append that succeeded gets to see.
enum class AppendReply {
    received,
    lost,     ///< Error(io)
    refusal,  ///< that the number is taken: an earlier request arrived late
};

class OvertakenLog final : public CommitLog {
public:
    explicit OvertakenLog(CommitLog& inner) : inner_(inner) {}

    /// Called once, before the next append.
    void before_next_append(std::function<void()> event) { event_ = std::move(event); }
    void set_reply(AppendReply reply) { reply_ = reply; }

    std::optional<LogHead> append(const LogHead& head, const LogEntry& entry) override {
        if (const auto event = std::exchange(event_, nullptr)) event();
        const std::optional<LogHead> appended = inner_.append(head, entry);
        if (!appended) return appended;
        switch (std::exchange(reply_, AppendReply::received)) {
            case AppendReply::lost:
                throw Error(ErrorCode::io, "the reply is lost");
            case AppendReply::refusal:
                return std::nullopt;
            case AppendReply::received:
                break;
        }
        return appended;
    }

    LogHead genesis() const override { return inner_.genesis(); }
    std::optional<LogHead> head_at(LogNumber number) const override { return inner_.head_at(number); }
    std::optional<LogRecord> next(const LogHead& head) const override { return inner_.next(head); }
    std::optional<LogHead> head_before(LogNumber number) const override { return inner_.head_before(number); }
    bool contains(LogNumber number) const override { return inner_.contains(number); }
    std::vector<LogNumber> numbers(LogNumber after) const override { return inner_.numbers(after); }
    void make_durable(LogNumber number) override { inner_.make_durable(number); }
    std::vector<LogNumber> checkpoints() const override { return inner_.checkpoints(); }
    std::optional<LogState> checkpoint(LogNumber number) const override { return inner_.checkpoint(number); }
    void put_checkpoint(const LogState& state) override { inner_.put_checkpoint(state); }
    void remove_checkpoint(LogNumber number) override { inner_.remove_checkpoint(number); }

private:
    CommitLog& inner_;
    std::function<void()> event_;
    AppendReply reply_ = AppendReply::received;
};

}  // namespace varve::fakes
