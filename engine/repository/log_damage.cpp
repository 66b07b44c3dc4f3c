#include "engine/repository/log_damage.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {
namespace {

/// A foreign file with a wild number is no reason to go through all the numbers before it.
constexpr LogNumber entries_skipped_max = 65536;

/// The sentence about what is wrong with the entry after `head`; nullopt when it is there, or when there is none. An
/// entry that is there is moved to `record`.
std::optional<std::string> fault_after(const CommitLog& log, const LogHead& head, std::optional<LogRecord>& record) {
    try {
        record = log.next(head);
        return std::nullopt;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::corrupt) throw;
        return error.what();
    }
}

std::string missing_text(LogNumber first, LogNumber last, LogNumber later) {
    return first == last
               ? fmt::format("log entry {} is missing, although entry {} exists", first, later)
               : fmt::format("log entries {} to {} are missing, although entry {} exists", first, last, later);
}

/// Whether some entry after `number` exists.
bool has_later(const CommitLog& log, LogNumber number) {
    for (const LogNumber step : {1u, 2u, 3u, 4u, 6u, 8u, 12u, 16u, 32u, 64u, 128u, 256u, 1024u, 4096u})
        if (log.contains(number + step)) return true;
    return false;
}

std::vector<LogNumber> later_numbers(const CommitLog& log, LogNumber number, LookAhead look) {
    if (look == LookAhead::probe && !has_later(log, number)) return {};
    return log.numbers(number);
}

/// What is lost from `first` on, up to the first of the `later` entries that can be read.
LogBreak break_at(const CommitLog& log, LogNumber first, std::string fault, const std::vector<LogNumber>& later) {
    LogBreak found{{{first, first, std::move(fault)}}, std::nullopt};
    LogNumber end = first + 1;
    for (const LogNumber number : later) {
        if (number - first > entries_skipped_max) break;
        if (number > end) found.lost.push_back({end, number - 1, missing_text(end, number - 1, number)});
        end = number + 1;
        try {
            found.resume = log.head_before(number);
            if (found.resume) break;
            found.lost.push_back({number, number, missing_text(number, number, later.back())});
        } catch (const Error& error) {
            if (error.code() != ErrorCode::corrupt) throw;
            found.lost.push_back({number, number, error.what()});
        }
    }
    return found;
}

void add_gaps(const CommitLog& log, LogNumber last, std::vector<LostEntries>& lost) {
    LogNumber expected = 1;
    std::vector<LogNumber> numbers = log.numbers(0);
    if (numbers.empty() || numbers.back() < last) numbers.push_back(last + 1);
    for (const LogNumber number : numbers) {
        // A listing may lag behind, so each gap is confirmed, at its first number.
        if (number > expected && !log.contains(expected))
            lost.push_back({expected, number - 1, missing_text(expected, number - 1, number)});
        expected = number + 1;
    }
}

void add_if_damaged(const CommitLog& log, LogNumber number, std::vector<LostEntries>& lost) {
    try {
        (void)log.head_before(number);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::corrupt) throw;
        lost.push_back({number, number, error.what()});
    }
}

}  // namespace

LogStep read_step(const CommitLog& log, const LogHead& head, LookAhead look) {
    const LogNumber number = head.number + 1;
    LogStep step;
    std::optional<std::string> fault = fault_after(log, head, step.record);
    if (step.record) return step;
    const std::vector<LogNumber> later = later_numbers(log, number, look);
    if (!fault) {
        if (later.empty()) return step;
        fault = fault_after(log, head, step.record);  // it may have come in the meantime, before the later ones
        if (step.record) return step;
        if (!fault) fault = missing_text(number, number, later.front());
    }
    step.damage = break_at(log, number, std::move(*fault), later);
    return step;
}

std::string name_of(const LostEntries& lost) {
    return lost.first == lost.last ? fmt::format("log entry {}", lost.first)
                                   : fmt::format("log entries {} to {}", lost.first, lost.last);
}

std::string consequences(const LostEntries& lost) {
    return fmt::format(
        "a host without a catalog does not see the snapshots that {} added, and still sees those that {} removed",
        lost.first == lost.last ? "it" : "they", lost.first == lost.last ? "it" : "they");
}

void check_log_is_whole(const Repository& repository) {
    if (!repository.info.config_fault.empty()) throw Error(ErrorCode::corrupt, repository.info.config_fault);
    const LogHead head = repository.catalog.head();
    std::vector<LostEntries> lost;
    for (const LogNumber number : repository.catalog.lost_entries())
        lost.push_back({number, number, fmt::format("log entry {} is missing or damaged", number)});
    if (lost.empty()) add_gaps(repository.log, head.number, lost);
    if (lost.empty() && head.number != 0) add_if_damaged(repository.log, head.number, lost);
    if (lost.empty())
        if (const LogStep step = read_step(repository.log, head, LookAhead::list); step.damage)
            lost = step.damage->lost;
    if (lost.empty() && repository.known_damage != nullptr)
        for (const LogNumber number : repository.known_damage->log_entries)
            add_if_damaged(repository.log, number, lost);
    if (lost.empty()) return;
    throw Error(
        ErrorCode::corrupt,
        fmt::format("{}: nothing is written to this repository until it is back, because {}; put the file back from "
                    "a copy of the repository, or start a new one; reading works, and 'varve verify' shows what "
                    "is affected",
                    lost.front().what, consequences(lost.front())));
}

}  // namespace varve
