#pragma once
/// The numbered log of a repository. Appending at the next number, if no one else has, is the only commit point.
/// Safe from many threads and many programs at once.

#include <optional>
#include <vector>

#include "engine/repository/log_entry.h"
#include "engine/repository/log_state.h"

namespace varve {

class CommitLog {
public:
    virtual ~CommitLog() = default;

    /// The head before the first entry.
    virtual LogHead genesis() const = 0;

    /// The head that the entry with this number makes, or nullopt when there is no such entry. Number 0: genesis.
    virtual std::optional<LogHead> head_at(LogNumber number) const = 0;

    /// The entry after `head`, or nullopt when there is none yet. Throws Error(corrupt) when it does not contain the
    /// digest of `head`, another number or another repository's id.
    virtual std::optional<LogRecord> next(const LogHead& head) const = 0;

    /// The head that entry `number` names as the one before it, or nullopt when there is no such entry: where reading
    /// goes on after damage. Throws Error(corrupt) like next(), but needs no earlier entry.
    virtual std::optional<LogHead> head_before(LogNumber number) const = 0;

    /// Whether there is an entry with this number, readable or not.
    virtual bool contains(LogNumber number) const = 0;

    /// The numbers of all entries after `after`, ascending, from a listing: it may lag behind, but never invents.
    virtual std::vector<LogNumber> numbers(LogNumber after) const = 0;

    /// Puts `entry` right after `head` if that number is free: durable when it returns a head. nullopt: another writer
    /// has the number, durably. Neither that nor an Error(io) shows whose entry it is: a request may have arrived
    /// although its reply did not. Read that number and compare nonces before anything else (never write an entry
    /// twice).
    virtual std::optional<LogHead> append(const LogHead& head, const LogEntry& entry) = 0;

    /// Makes entry `number`, which is visible, and all before it durable: their writers may not have done so yet.
    virtual void make_durable(LogNumber number) = 0;

    /// The numbers of the entries that have a checkpoint, ascending, from a listing.
    virtual std::vector<LogNumber> checkpoints() const = 0;

    /// The state that the checkpoint at entry `number` holds, or nullopt when there is none. Error(corrupt) when it is
    /// damaged or belongs to another repository or entry, Error(unsupported) when a newer version wrote it. Only a
    /// hint: whether its head is that of the log is for the caller to check.
    virtual std::optional<LogState> checkpoint(LogNumber number) const = 0;

    /// Puts a checkpoint at the state's head, if there is none; durable on return. The entries up to there are durable
    /// beforehand. Error(usage) when the state is too large for one.
    virtual void put_checkpoint(const LogState& state) = 0;

    /// Removes the checkpoint at entry `number`, if there is one. Nothing is lost with it.
    virtual void remove_checkpoint(LogNumber number) = 0;
};

}  // namespace varve
