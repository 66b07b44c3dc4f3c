#include "engine/repository/catalog_sync.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/repository/checkpoint.h"
#include "engine/repository/log_damage.h"
#include "engine/repository/pack_tables.h"

namespace varve {
namespace {

const std::vector<PackFacts>& packs_of(const LogEntry& entry) {
    static const std::vector<PackFacts> none;
    if (const auto* commit = std::get_if<CommitEntry>(&entry.body)) return commit->packs;
    if (const auto* move = std::get_if<MoveEntry>(&entry.body)) return move->packs;
    return none;
}

std::vector<MoveTable> move_tables(const Repository& repository, const LogRecord& record, const SlotTables& tables,
                                   Progress& progress) {
    std::vector<MoveTable> result;
    const auto* move = std::get_if<MoveEntry>(&record.entry.body);
    if (move == nullptr) return result;
    for (const ChunkAddress& address : move->tables)
        result.push_back(read_move_table(repository, {record.head.number, address}, tables.find(address.pack),
                                         record.head, progress));
    return result;
}

/// Whether the log still contains what the catalog has read. Costs one small read. An entry that cannot be read now was
/// read before, so it does not make the catalog wrong.
bool is_in_step(const Repository& repository, const LogHead& head, Progress& progress) {
    std::optional<LogHead> there;
    try {
        there = repository.log.head_at(head.number);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::corrupt) throw;
        progress.warn(fmt::format("{}; this host knows what it recorded, but {}; nothing is written until it is back",
                                  error.what(), consequences({head.number, head.number, {}})));
        return true;
    }
    if (there) return *there == head;
    return !repository.log.numbers(head.number).empty();  // a gap, which stops all writing
}

/// Whether one of the entries that the catalog had to skip is back.
bool is_any_back(const CommitLog& log, const std::vector<LogNumber>& lost) {
    return std::any_of(lost.begin(), lost.end(), [&](LogNumber number) {
        try {
            const std::optional<LogHead> before = log.head_at(number - 1);
            return before && log.next(*before);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::corrupt) throw;
            return false;
        }
    });
}

/// Makes the slots of packs known that no entry names, because the entry that named them is lost: later snapshots may
/// have inherited from them.
void find_unnamed_packs(Repository& repository) {
    for (const PackId& id : repository.chunks.list_packs()) {
        if (repository.catalog.pack(id)) continue;
        try {
            const StoredPack pack = repository.chunks.read_pack(id, PackCheck::trailer);
            repository.catalog.add_uncommitted({&pack, 1});
        } catch (const Error& error) {
            if (!is_damaged_or_missing(error) && error.code() != ErrorCode::unsupported) throw;
        }
    }
}

void warn_of_break(const LogBreak& damage, Progress& progress) {
    for (const LostEntries& lost : damage.lost)
        progress.warn(fmt::format("{}; {}; nothing is written until it is back", lost.what, consequences(lost)));
}

LogHead read_on(Repository& repository, LogHead head, LookAhead look, Progress& progress) {
    bool has_skipped = false;
    while (true) {
        const LogStep step = read_step(repository.log, head, look);
        if (step.record) {
            const SlotTables tables(repository.chunks, packs_of(step.record->entry), progress);
            const std::vector<MoveTable> moves = move_tables(repository, *step.record, tables, progress);
            const bool applied = repository.catalog.apply(head, *step.record, tables.packs(), moves);
            head = applied ? step.record->head : repository.catalog.head();
            continue;
        }
        if (!step.damage) break;
        warn_of_break(*step.damage, progress);
        if (!step.damage->resume) break;
        head = repository.catalog.skip(head, *step.damage->resume) ? *step.damage->resume : repository.catalog.head();
        has_skipped = true;
    }
    if (has_skipped) find_unnamed_packs(repository);
    return head;
}

/// The pack with the slot table that was entered for it; nullopt: it could not be read.
std::optional<StoredPack> entered_pack(const Catalog& catalog, const PackId& id) {
    const std::optional<ListedPack> pack = catalog.pack(id);
    if (!pack) return std::nullopt;
    return StoredPack{pack->facts, catalog.slots(id)};
}

/// Fills a new catalog from the state instead of from the entries that led to it.
void load_state(Repository& fresh, const LogState& state, Progress& progress) {
    add_slot_tables(fresh, state, progress);
    std::vector<MoveTable> tables;
    for (const MoveTableInForce& table : state.tables) {
        const std::optional<StoredPack> pack = entered_pack(fresh.catalog, table.address.pack);
        tables.push_back(
            read_move_table(fresh, {table.entry, table.address}, pack ? &*pack : nullptr, state.head, progress));
    }
    fresh.catalog.load(state, tables);
}

/// Into a new catalog that no one else uses; `start` null: from the first entry on.
void read_all(Repository& fresh, const std::optional<LogState>& start, Progress& progress) {
    if (start) load_state(fresh, *start, progress);
    read_on(fresh, fresh.catalog.head(), LookAhead::list, progress);
}

LogHead replace_catalog(Repository& repository, const std::optional<LogState>& start, Progress& progress) {
    repository.catalog.replace(repository.log.genesis(), [&](Catalog& fresh) {
        Repository beside{repository.info, repository.log, repository.chunks, fresh, repository.known_damage};
        read_all(beside, start, progress);
    });
    return repository.catalog.head();
}

}  // namespace

LogHead catch_up(Repository& repository, Progress& progress) {
    const std::vector<LogNumber> lost = repository.catalog.lost_entries();
    if (is_any_back(repository.log, lost)) {
        progress.warn("log entries that were missing or damaged can be read again; reading the log again");
        return rebuild(repository, progress);
    }
    for (const LogNumber number : lost)
        progress.warn(fmt::format("log entry {} is missing or damaged: {}; nothing is written until it is back", number,
                                  consequences({number, number, {}})));
    const LogHead head = repository.catalog.head();
    if (head.number == 0)
        if (const auto start = newest_checkpoint(repository.log, progress))
            return replace_catalog(repository, start, progress);
    const LookAhead look = head.number == 0 ? LookAhead::list : LookAhead::probe;
    if (is_in_step(repository, head, progress)) return read_on(repository, head, look, progress);
    progress.warn(fmt::format(
        "the repository's log does not contain entry {} as this host has seen it: it was replaced or rolled back; "
        "reading it again",
        head.number));
    return rebuild(repository, progress);
}

LogHead rebuild(Repository& repository, Progress& progress) {
    return replace_catalog(repository, newest_checkpoint(repository.log, progress), progress);
}

void read_into_new_catalog(Repository& fresh, Progress& progress) {
    read_all(fresh, newest_checkpoint(fresh.log, progress), progress);
}

}  // namespace varve
