#pragma once
/// The repository's log over a backend: each entry one object, `log/` and 16 decimal digits, and each
/// checkpoint one, `checkpoints/` and the digits of its entry.

#include <string>

#include "engine/repository/commit_log.h"
#include "engine/repository/repository.h"
#include "store/backend/backend.h"

namespace varve {

/// Has no state of its own: safe to use from many threads and programs. Borrows both arguments of its constructor.
class BackendLog final : public CommitLog {
public:
    BackendLog(Backend& backend, const RepositoryInfo& info) : backend_(backend), info_(info) {}

    LogHead genesis() const override;
    std::optional<LogHead> head_at(LogNumber number) const override;
    std::optional<LogRecord> next(const LogHead& head) const override;
    std::optional<LogHead> head_before(LogNumber number) const override;
    bool contains(LogNumber number) const override;
    std::vector<LogNumber> numbers(LogNumber after) const override;
    std::optional<LogHead> append(const LogHead& head, const LogEntry& entry) override;
    void make_durable(LogNumber number) override;
    std::vector<LogNumber> checkpoints() const override;
    std::optional<LogState> checkpoint(LogNumber number) const override;
    void put_checkpoint(const LogState& state) override;
    void remove_checkpoint(LogNumber number) override;

private:
    std::optional<Bytes> read(LogNumber number) const;
    std::string describe(LogNumber number) const;

    Backend& backend_;
    const RepositoryInfo& info_;
};

/// The object name of entry `number`.
std::string log_entry_name(LogNumber number);

/// The object name of the checkpoint at entry `number`.
std::string checkpoint_name(LogNumber number);

}  // namespace varve
