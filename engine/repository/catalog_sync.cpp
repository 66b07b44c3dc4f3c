#include "engine/repository/catalog_sync.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/repository/log_damage.h"

namespace varve {
namespace {

const std::vector<PackFacts>& packs_of(const LogEntry& entry) {
    static const std::vector<PackFacts> none;
    if (const auto* commit = std::get_if<CommitEntry>(&entry.body)) return commit->packs;
    if (const auto* move = std::get_if<MoveEntry>(&entry.body)) return move->packs;
    return none;
}

void warn_of_damage(const std::string& what, Progress& progress) {
    progress.warn(fmt::format(
        "{}; what depends on it cannot be restored, everything else can: 'varve verify' shows which", what));
}

/// The pack as far as it can be read, or nullopt when it does not exist (a later entry may have condemned it) or
/// nothing of it can be read. A pack is known by its id, and each slot by its own: whatever its slot table names can be
/// trusted.
std::optional<StoredPack> find_pack(const ChunkStore& chunks, const PackFacts& facts, Progress& progress) {
    try {
        StoredPack pack = chunks.read_pack(facts.id, PackCheck::trailer);
        if (pack.facts != facts)
            warn_of_damage(fmt::format("pack {} is not the one the log names: expected digest {} and {} bytes, found "
                                       "{} and {}",
                                       facts.id.hex(), to_hex(facts.digest.view()), facts.size.value,
                                       to_hex(pack.facts.digest.view()), pack.facts.size.value),
                           progress);
        return StoredPack{facts, std::move(pack.slots)};
    } catch (const Error& error) {
        if (error.code() == ErrorCode::not_found) return std::nullopt;
        // The config forbids what this version does not know, so a pack of another version is a damaged one.
        if (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::unsupported) throw;
        warn_of_damage(error.what(), progress);
    }
    auto salvaged = chunks.salvage_slots(facts.id);
    if (salvaged == nullptr) return std::nullopt;
    return StoredPack{facts, std::move(salvaged)};
}

/// Slot tables of the packs that an entry names: from copies where they exist, else from the packs' own trailers.
class SlotTables {
public:
    SlotTables(const ChunkStore& chunks, const std::vector<PackFacts>& named, Progress& progress)
        : chunks_(chunks), named_(named) {
        for (const PackFacts& facts : named) {
            if (facts.kind != PackKind::metadata) continue;
            if (auto pack = find_pack(chunks, facts, progress)) add_metadata(std::move(*pack));
        }
        for (const PackFacts& facts : named)
            if (!has(facts.id)) add(find_pack(chunks, facts, progress));
    }

    const std::vector<StoredPack>& packs() const { return packs_; }

    const StoredPack* find(const PackId& id) const {
        const auto found =
            std::find_if(packs_.begin(), packs_.end(), [&](const StoredPack& p) { return p.facts.id == id; });
        return found == packs_.end() ? nullptr : &*found;
    }

private:
    bool has(const PackId& id) const { return find(id) != nullptr; }

    void add(std::optional<StoredPack> pack) {
        if (pack) packs_.push_back(std::move(*pack));
    }

    void add_metadata(StoredPack pack) {
        for (auto& [id, slots] : chunks_.read_slot_table_copies(pack)) {
            const auto facts = std::find_if(named_.begin(), named_.end(),
                                            [&, wanted = id](const PackFacts& f) { return f.id == wanted; });
            if (facts != named_.end() && !has(id)) packs_.push_back({*facts, std::move(slots)});
        }
        packs_.push_back(std::move(pack));
    }

    const ChunkStore& chunks_;
    const std::vector<PackFacts>& named_;
    std::vector<StoredPack> packs_;
};

/// Whether an entry after `head` condemns the pack.
bool is_condemned_after(const CommitLog& log, LogHead head, const PackId& id) {
    while (const std::optional<LogRecord> record = log.next(head)) {
        const auto* move = std::get_if<MoveEntry>(&record->entry.body);
        if (move != nullptr && std::find(move->condemned.begin(), move->condemned.end(), id) != move->condemned.end())
            return true;
        head = record->head;
    }
    return false;
}

/// The entry's tables. One whose pack a later entry condemned may be gone: that entry repeats what is still needed. A
/// damaged one costs what it moved.
std::vector<MoveTable> move_tables(const Repository& repository, const LogRecord& record, const SlotTables& tables,
                                   Progress& progress) {
    std::vector<MoveTable> result;
    const auto* move = std::get_if<MoveEntry>(&record.entry.body);
    if (move == nullptr) return result;
    for (const ChunkAddress& address : move->tables) {
        const std::string object = fmt::format("move table of log entry {}, slot {} of pack {}", record.head.number,
                                               address.slot, address.pack.hex());
        const StoredPack* pack = tables.find(address.pack);
        if (pack == nullptr) {
            if (!is_condemned_after(repository.log, record.head, address.pack))
                warn_of_damage(object + ": the pack is missing", progress);
            result.emplace_back();
            continue;
        }
        try {
            result.push_back(parse_move_table(repository.chunks.read_slot(*pack, address.slot), object));
        } catch (const Error& error) {
            if (!is_damaged_or_missing(error)) throw;
            warn_of_damage(error.what(), progress);
            result.emplace_back();
        }
    }
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

LogHead read_on(Repository& repository, LogHead head, Progress& progress) {
    const LookAhead look = head.number == 0 ? LookAhead::list : LookAhead::probe;
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
    if (is_in_step(repository, head, progress)) return read_on(repository, head, progress);
    progress.warn(fmt::format(
        "the repository's log does not contain entry {} as this host has seen it: it was replaced or rolled back; "
        "reading it again",
        head.number));
    return rebuild(repository, progress);
}

LogHead rebuild(Repository& repository, Progress& progress) {
    repository.catalog.replace(repository.log.genesis(), [&](Catalog& fresh) {
        Repository beside{repository.info, repository.log, repository.chunks, fresh, repository.known_damage};
        read_on(beside, fresh.head(), progress);
    });
    return repository.catalog.head();
}

}  // namespace varve
