#pragma once
/// What the move tables in a metadata pack state: when the pack goes, it has to be repeated. A table that cannot be
/// read is known from the catalog of a host that has read it before. One thread.

#include <functional>
#include <optional>
#include <stop_token>

#include "engine/base/progress.h"
#include "engine/repository/log_state.h"
#include "engine/repository/repository.h"

namespace varve {

class PackMoves {
public:
    /// Borrows all. `repository` has caught up with the log.
    PackMoves(const Repository& repository, Progress& progress, const std::stop_token& stop)
        : repository_(repository), progress_(progress), stop_(stop) {}

    /// Calls `visit` for each run of each table in `pack`. Throws Error(corrupt) or Error(not_found) when one can
    /// neither be read nor is it known here. Only then, and when the pack's slot table is lost, is the log read: from
    /// its newest checkpoint on.
    void for_each(const PackId& pack, const std::function<void(const MoveRun&)>& visit);

private:
    std::vector<ChunkAddress> tables_in(const PackId& pack);
    std::vector<MoveRun> runs_of(const ChunkAddress& table);
    std::vector<MoveRun> known_runs(const ChunkAddress& table);
    const std::vector<MoveTableInForce>& logged_tables();

    const Repository& repository_;
    Progress& progress_;
    const std::stop_token& stop_;
    std::optional<LogState> log_;  ///< read when it is needed; which tables a pack has does not change
};

}  // namespace varve
