#include "engine/repository/checkpoint.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/repository/log_damage.h"

namespace varve {
namespace {

/// Why the checkpoint cannot be used, or nullopt. One that has been removed since it was listed has no fault, and no
/// state.
std::optional<std::string> try_checkpoint(const CommitLog& log, LogNumber number, std::optional<LogState>& state) {
    try {
        state = log.checkpoint(number);
        if (!state) return std::nullopt;
        const std::optional<LogHead> there = log.head_at(number);
        if (!there) return fmt::format("the log has no entry {}", number);
        if (*there != state->head) return fmt::format("entry {} of the log is not the one it was made of", number);
        return std::nullopt;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::unsupported) throw;
        return error.what();
    }
}

bool is_due(const std::vector<LogNumber>& checkpoints, LogNumber end, LogNumber every) {
    return end >= every && std::ranges::none_of(checkpoints, [&](LogNumber number) {
               return number <= end && end - number < every;  // beyond the end is none of this log's
           });
}

/// Moves the state to the end of the log. False: stopped.
bool read_to_end(const CommitLog& log, LogState& state, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const LogStep step = read_step(log, state.head, LookAhead::list);
        if (step.damage) throw Error(ErrorCode::corrupt, step.damage->lost.front().what);
        if (!step.record) return true;
        state.apply(*step.record);
    }
    return false;
}

/// Those that are listed: what other prunes put since then stays. One beyond the new one stays, too: it may be all that
/// shows that the log has lost its end.
void put_and_remove_older(CommitLog& log, const std::vector<LogNumber>& listed, Progress& progress,
                          const std::stop_token& stop) {
    const std::optional<LogState> before = newest_checkpoint(log, progress);
    LogState state = before ? *before : state_at(log.genesis());
    if (!read_to_end(log, state, stop)) return;
    log.make_durable(state.head.number);
    log.put_checkpoint(state);
    for (const LogNumber number : listed)
        if (number < state.head.number && !(before && number == before->head.number)) log.remove_checkpoint(number);
}

}  // namespace

std::optional<LogState> newest_checkpoint(const CommitLog& log, Progress& progress) {
    std::vector<LogNumber> numbers = log.checkpoints();
    for (; !numbers.empty(); numbers.pop_back()) {
        std::optional<LogState> state;
        const std::optional<std::string> fault = try_checkpoint(log, numbers.back(), state);
        if (!fault && state) return state;
        if (fault)
            progress.warn(
                fmt::format("checkpoint {} of the log is not used: {}; nothing is lost, more of the log is read",
                            numbers.back(), *fault));
    }
    return std::nullopt;
}

LogState state_of_log(const CommitLog& log, Progress& progress, const std::stop_token& stop) {
    LogState state = newest_checkpoint(log, progress).value_or(state_at(log.genesis()));
    if (!read_to_end(log, state, stop)) throw_if_stopped(stop);
    return state;
}

void renew_checkpoint(Repository& repository, LogNumber every, Progress& progress, const std::stop_token& stop) {
    try {
        const std::vector<LogNumber> listed = repository.log.checkpoints();
        if (is_due(listed, repository.catalog.head().number, every))
            put_and_remove_older(repository.log, listed, progress, stop);
    } catch (const std::exception& error) {
        progress.warn(fmt::format(
            "the checkpoint of the log was not renewed: {}; nothing is lost, and the next prune tries again",
            error.what()));
    }
}

}  // namespace varve
