#pragma once
/// Damage of the log: entries that are missing although later ones exist, and entries whose bytes are wrong. Such an
/// entry costs what it recorded and nothing else: reading goes on after it. Writing does not: see store/FORMAT.md
/// section 9.

#include <optional>
#include <string>
#include <vector>

#include "engine/repository/repository.h"

namespace varve {

/// Neighbouring entries with the same fault.
struct LostEntries {
    LogNumber first = 0;
    LogNumber last = 0;
    std::string what;  ///< one sentence
};

/// Where the log cannot be read.
struct LogBreak {
    std::vector<LostEntries> lost;  ///< ascending, without a gap, never empty
    std::optional<LogHead> resume;  ///< the head before the next readable entry; nullopt: there is none
};

/// What comes after a head: an entry, a break, or neither: the end of the log.
struct LogStep {
    std::optional<LogRecord> record;
    std::optional<LogBreak> damage;
};

/// How the end of the log is told from a gap.
enum class LookAhead {
    probe,  ///< asks for some higher numbers: the cost does not depend on the length of the log
    list,   ///< lists the log: finds every gap
};

LogStep read_step(const CommitLog& log, const LogHead& head, LookAhead look);

/// "log entry 7", "log entries 7 to 9".
std::string name_of(const LostEntries& lost);

/// What the loss means for those who read the repository, as one clause.
std::string consequences(const LostEntries& lost);

/// Throws Error(corrupt), with the consequences, when the config is damaged, or an entry is missing or damaged, as far
/// as a listing, the catalog and the last verify show: then nothing may be written. `repository` has caught up with the
/// log.
void check_log_is_whole(const Repository& repository);

}  // namespace varve
