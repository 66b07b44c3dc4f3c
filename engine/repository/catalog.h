#pragma once
/// One host's index of a repository: the log as far as read, every pack's slot table, where moved slots are, and which
/// chunk ids exist. It is a cache: all of it can be rebuilt from the log and the metadata packs, and on any
/// doubt it is. Implemented in catalog/ on SQLite; several programs on one host may use it at once.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/repository/chunk_store.h"
#include "engine/repository/log_entry.h"
#include "engine/repository/log_state.h"
#include "engine/repository/move_table.h"
#include "engine/repository/slot_directory.h"

namespace varve {

/// A snapshot that no forget entry removed, with tag entries applied to its record.
struct ListedSnapshot {
    SnapshotRecord record;
    LogNumber commit = 0;        ///< the entry that made it
    std::uint32_t position = 0;  ///< its place in that entry
    std::string host = {};       ///< that wrote the entry, for people; empty: unknown
};

enum class PackState {
    committed,    ///< named by a log entry
    uncommitted,  ///< durable in the repository, named by no entry read so far: an orphan or a running backup's
    condemned,    ///< condemned by a move entry; it may be gone
};

struct ListedPack {
    PackFacts facts;
    PackState state = PackState::committed;
};

using ChunkTest = std::function<bool(const ChunkAddress& current)>;

/// Methods throw Error(io) or Error(catalog_damaged). Const methods are safe from many threads at once; the others are
/// for one thread, and see what other programs entered. Each changing method is one short transaction.
class Catalog : public SlotDirectory {
public:
    /// How far the log has been read. Another program may advance it at any time.
    virtual LogHead head() const = 0;

    /// Applies the log entry `record`, which must follow head() directly (`before` is the head that the caller read it
    /// after); returns false and changes nothing when head() is no longer `before`: another program was faster.
    /// `packs` holds the slot table of every pack that the entry names (those already known may be left out), `tables`
    /// the move tables in the entry's order.
    virtual bool apply(const LogHead& before, const LogRecord& record, std::span<const StoredPack> packs,
                       std::span<const MoveTable> tables) = 0;

    /// Makes an empty catalog, to which at most add_uncommitted() has added packs of `state`, one that has read the log
    /// up to state.head: as apply() of each entry would, except that it does not know older entries without a live
    /// snapshot, facts of condemned packs, and moves of tables in condemned packs. `tables` are those in force, in the
    /// order of state.tables.
    virtual void load(const LogState& state, std::span<const MoveTable> tables) = 0;

    /// Goes on after entries that cannot be read: those after `before`, up to and including `after`, are noted as lost,
    /// and head() becomes `after`. Returns false and changes nothing when head() is no longer `before`.
    virtual bool skip(const LogHead& before, const LogHead& after) = 0;

    /// Numbers of the entries that were skipped, ascending: what they recorded is missing here.
    virtual std::vector<LogNumber> lost_entries() const = 0;

    /// Replaces this catalog by a new one: passes an empty one with the head `genesis` to `fill`, and when that
    /// returns, the new one takes this one's place in a single step. Until then, every reader sees this one; if `fill`
    /// (or anything else) throws, this one stays. `fill` may be called more than once. Other programs that have this
    /// one open continue with it.
    virtual void replace(const LogHead& genesis, const std::function<void(Catalog& fresh)>& fill) = 0;

    /// All snapshots, or those of one disk: by disk name, then time, then commit, then position.
    virtual std::vector<ListedSnapshot> snapshots(const std::optional<std::string>& disk = std::nullopt) const = 0;

    /// The last `count` snapshots of `disk` in the order of the log, and before them the last one of its active state
    /// if that is older; oldest first. Costs what it returns, however many snapshots there are.
    virtual std::vector<ListedSnapshot> last_snapshots(const std::string& disk, std::size_t count) const = 0;

    /// The snapshots whose id begins with these hex digits. Costs what it returns; when it finds none, all are read.
    virtual std::vector<ListedSnapshot> snapshots_by_prefix(const std::string& hex_prefix) const = 0;

    virtual std::optional<ListedPack> pack(const PackId& id) const = 0;
    virtual std::vector<ListedPack> packs() const = 0;

    /// Number of the newest applied move entry; 0: none. A writer compares it before and after its run.
    virtual LogNumber last_move() const = 0;

    /// The runs of move table `number`, counted over all tables of the log from 1, ascending, as this host read them;
    /// empty: the table could not be read then. Costs a look at all moves.
    virtual std::vector<MoveRun> moves(std::uint64_t number) const = 0;

    /// Makes the chunks of durable packs findable before an entry names them: of a running session, or of an orphan.
    /// Packs that are already known are skipped.
    virtual void add_uncommitted(std::span<const StoredPack> packs) = 0;

    /// Forgets uncommitted packs that are not in the repository any more.
    virtual void drop_uncommitted(std::span<const PackId> packs) = 0;

    /// Where a chunk (whole or patch) with this id is now that `is_usable`, or nullopt. Never an address in a condemned
    /// pack. `is_usable` may call const methods.
    virtual std::optional<ChunkAddress> find_chunk(const ChunkId& id, const ChunkTest& is_usable) const = 0;
    std::optional<ChunkAddress> find_chunk(const ChunkId& id) const {
        return find_chunk(id, [](const ChunkAddress&) { return true; });
    }
};

}  // namespace varve
