#pragma once
/// What the log states up to one of its entries: the live snapshots, the packs that count, those that are condemned,
/// and the move tables in force. Folded from entries alone, without a catalog and without reading packs, so that equal
/// logs give equal states on every host. Checkpoints hold it (store/FORMAT.md section 8).

#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "engine/repository/log_entry.h"

namespace varve {

/// A commit of which a snapshot is live.
struct LiveCommit {
    TimeNs written = 0;
    std::string host;
    std::string program;
    std::map<std::uint32_t, SnapshotRecord> snapshots;  ///< live ones by their place in the entry, tags applied
    friend bool operator==(const LiveCommit&, const LiveCommit&) = default;
};

struct NamedPack {
    PackFacts facts;
    LogNumber entry = 0;  ///< the one that named it first
    friend bool operator==(const NamedPack&, const NamedPack&) = default;
};

/// A move table whose pack is not condemned. What one in a condemned pack stated is repeated by later ones.
struct MoveTableInForce {
    std::uint64_t number = 0;  ///< over all tables of the log, from 1: they apply in this order
    LogNumber entry = 0;
    ChunkAddress address;
    friend bool operator==(const MoveTableInForce&, const MoveTableInForce&) = default;
};

/// A plain value, whose members agree with each other after apply() and after parsing.
struct LogState {
    LogHead head;
    std::map<LogNumber, LiveCommit> commits;
    std::unordered_map<SnapshotId, LogNumber> commit_of;  ///< of each live snapshot
    std::map<PackId, NamedPack> packs;                    ///< committed, and not condemned
    std::set<PackId> condemned;                           ///< they never come back
    std::vector<MoveTableInForce> tables;                 ///< ascending by number
    std::uint64_t move_tables = 0;                        ///< of all move entries so far
    LogNumber last_move = 0;                              ///< the newest move entry; 0: none

    /// Adds the entry that follows `head`. Throws Error(corrupt) when it contradicts an earlier one: a live snapshot
    /// for the second time, or a pack with other facts; then the state is of no more use.
    void apply(const LogRecord& record);

    friend bool operator==(const LogState&, const LogState&) = default;
};

/// The state before the first entry.
inline LogState state_at(const LogHead& genesis) {
    LogState state;
    state.head = genesis;
    return state;
}

}  // namespace varve
