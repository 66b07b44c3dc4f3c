#include "engine/repository/catalog_sync.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {
namespace {

const std::vector<PackFacts>& packs_of(const LogEntry& entry) {
    static const std::vector<PackFacts> none;
    if (const auto* commit = std::get_if<CommitEntry>(&entry.body)) return commit->packs;
    if (const auto* move = std::get_if<MoveEntry>(&entry.body)) return move->packs;
    return none;
}

/// The pack as the repository has it, or nullopt when it does not exist (a later entry may have condemned it).
std::optional<StoredPack> find_pack(const ChunkStore& chunks, const PackFacts& facts) {
    try {
        StoredPack pack = chunks.read_pack(facts.id, PackCheck::trailer);
        if (pack.facts != facts)
            throw Error(ErrorCode::corrupt,
                        fmt::format("pack {} is not the one the log names: expected digest {} and {} bytes, found "
                                    "{} and {}; run 'varve verify'",
                                    facts.id.hex(), to_hex(facts.digest.view()), facts.size.value,
                                    to_hex(pack.facts.digest.view()), pack.facts.size.value));
        return pack;
    } catch (const Error& error) {
        if (error.code() == ErrorCode::not_found) return std::nullopt;
        throw;
    }
}

/// Slot tables of the packs that an entry names: from copies where they exist, else from the packs' own trailers.
class SlotTables {
public:
    SlotTables(const ChunkStore& chunks, const std::vector<PackFacts>& named) : chunks_(chunks), named_(named) {
        for (const PackFacts& facts : named) {
            if (facts.kind != PackKind::metadata) continue;
            if (auto pack = find_pack(chunks, facts)) add_metadata(std::move(*pack));
        }
        for (const PackFacts& facts : named)
            if (!has(facts.id)) add(find_pack(chunks, facts));
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

/// The entry's tables. One whose pack a later entry condemned may be gone: that entry repeats what is still needed.
std::vector<MoveTable> move_tables(const Repository& repository, const LogRecord& record, const SlotTables& tables) {
    std::vector<MoveTable> result;
    const auto* move = std::get_if<MoveEntry>(&record.entry.body);
    if (move == nullptr) return result;
    for (const ChunkAddress& address : move->tables) {
        const std::string object = fmt::format("move table of log entry {}, slot {} of pack {}", record.head.number,
                                               address.slot, address.pack.hex());
        const StoredPack* pack = tables.find(address.pack);
        if (pack == nullptr) {
            if (!is_condemned_after(repository.log, record.head, address.pack))
                throw Error(ErrorCode::corrupt, object + ": the pack is missing; run 'varve verify'");
            result.emplace_back();
            continue;
        }
        result.push_back(parse_move_table(repository.chunks.read_slot(*pack, address.slot), object));
    }
    return result;
}

/// Whether the log still contains what the catalog has read. Costs one small read.
bool is_in_step(const Repository& repository, const LogHead& head) {
    const std::optional<LogHead> there = repository.log.head_at(head.number);
    return there && *there == head;
}

LogHead read_on(Repository& repository, LogHead head) {
    while (const std::optional<LogRecord> record = repository.log.next(head)) {
        const SlotTables tables(repository.chunks, packs_of(record->entry));
        const std::vector<MoveTable> moves = move_tables(repository, *record, tables);
        const bool applied = repository.catalog.apply(head, *record, tables.packs(), moves);
        head = applied ? record->head : repository.catalog.head();
    }
    return head;
}

}  // namespace

LogHead catch_up(Repository& repository, Progress& progress) {
    const LogHead head = repository.catalog.head();
    if (is_in_step(repository, head)) return read_on(repository, head);
    progress.warn(fmt::format(
        "the repository's log does not contain entry {} as this host has seen it: it was replaced or rolled back; "
        "reading it again",
        head.number));
    return rebuild(repository, progress);
}

LogHead rebuild(Repository& repository, Progress&) {
    repository.catalog.replace(repository.log.genesis(), [&](Catalog& fresh) {
        Repository beside{repository.info, repository.log, repository.chunks, fresh};
        read_on(beside, fresh.head());
    });
    return repository.catalog.head();
}

}  // namespace varve
