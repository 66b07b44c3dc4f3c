#pragma once
/// Reads every entry of the log again, from the first on, whatever the catalog knows: numbers, digests, the chain, and
/// proves the checkpoints against it. Reports what is missing or damaged, with the snapshots that it costs. Single use.

#include <stop_token>
#include <vector>

#include "engine/jobs/verify_report.h"
#include "engine/repository/log_damage.h"
#include "engine/repository/repository.h"

namespace varve {

/// A move table as an entry names it.
struct LoggedMoveTable {
    LogNumber entry = 0;
    ChunkAddress address;
};

class LogCheck {
public:
    /// Borrows both.
    LogCheck(const Repository& repository, VerifyReport& report) : repository_(repository), report_(report) {}

    /// Throws Error(cancelled).
    void run(const std::stop_token& stop);

    /// Those of all readable entries, in the order of the log.
    const std::vector<LoggedMoveTable>& move_tables() const { return move_tables_; }

private:
    void note(const LogRecord& record);
    void note(const LostEntries& lost);
    /// The snapshots that the lost entries added, as far as this host has read them.
    std::string known_snapshots(const LostEntries& lost) const;

    const Repository& repository_;
    VerifyReport& report_;
    std::vector<LoggedMoveTable> move_tables_;
};

}  // namespace varve
