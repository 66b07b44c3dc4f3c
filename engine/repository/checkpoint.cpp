#include "engine/repository/checkpoint.h"

#include <fmt/format.h>

#include "engine/base/error.h"

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

}  // namespace varve
