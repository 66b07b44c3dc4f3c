#include "engine/repository/pack_tables.h"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/repository/move_table.h"

namespace varve {
namespace {

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

/// About 20 MiB of slot tables: few transactions, little memory.
constexpr std::size_t batch_slots_max = 250'000;

/// Enters the slot tables of all packs of a state, batch by batch.
class SlotTableLoad {
public:
    SlotTableLoad(Repository& fresh, const LogState& state, Progress& progress)
        : fresh_(fresh), state_(state), progress_(progress) {}

    void run() {
        for (const auto& [id, pack] : state_.packs)
            if (pack.facts.kind == PackKind::metadata) add_with_copies(find_pack(fresh_.chunks, pack.facts, progress_));
        for (const auto& [id, pack] : state_.packs)
            if (pack.facts.kind == PackKind::data && !entered_.contains(id))
                add(find_pack(fresh_.chunks, pack.facts, progress_));
        enter();
    }

private:
    void add_with_copies(std::optional<StoredPack> holder) {
        if (!holder) return;
        for (auto& [of, slots] : fresh_.chunks.read_slot_table_copies(*holder)) {
            const auto pack = state_.packs.find(of);
            if (pack == state_.packs.end() || pack->second.facts.kind != PackKind::data || entered_.contains(of))
                continue;
            add(StoredPack{pack->second.facts, std::move(slots)});
        }
        add(std::move(holder));
    }

    void add(std::optional<StoredPack> pack) {
        if (!pack) return;
        entered_.insert(pack->facts.id);
        slots_ += pack->slots->slots.size();
        batch_.push_back(std::move(*pack));
        if (slots_ >= batch_slots_max) enter();
    }

    void enter() {
        fresh_.catalog.add_uncommitted(batch_);
        batch_.clear();
        slots_ = 0;
    }

    Repository& fresh_;
    const LogState& state_;
    Progress& progress_;
    std::unordered_set<PackId> entered_;
    std::vector<StoredPack> batch_;
    std::size_t slots_ = 0;  ///< in the batch
};

}  // namespace

void warn_of_damage(const std::string& what, Progress& progress) {
    progress.warn(fmt::format(
        "{}; what depends on it cannot be restored, everything else can: 'varve verify' shows which", what));
}

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

SlotTables::SlotTables(const ChunkStore& chunks, const std::vector<PackFacts>& named, Progress& progress)
    : chunks_(chunks), named_(named) {
    for (const PackFacts& facts : named) {
        if (facts.kind != PackKind::metadata) continue;
        if (auto pack = find_pack(chunks, facts, progress)) add_metadata(std::move(*pack));
    }
    for (const PackFacts& facts : named)
        if (!has(facts.id)) add(find_pack(chunks, facts, progress));
}

const StoredPack* SlotTables::find(const PackId& id) const {
    const auto found =
        std::find_if(packs_.begin(), packs_.end(), [&](const StoredPack& p) { return p.facts.id == id; });
    return found == packs_.end() ? nullptr : &*found;
}

void SlotTables::add(std::optional<StoredPack> pack) {
    if (pack) packs_.push_back(std::move(*pack));
}

void SlotTables::add_metadata(StoredPack pack) {
    for (auto& [id, slots] : chunks_.read_slot_table_copies(pack)) {
        const auto facts =
            std::find_if(named_.begin(), named_.end(), [&, wanted = id](const PackFacts& f) { return f.id == wanted; });
        if (facts != named_.end() && !has(id)) packs_.push_back({*facts, std::move(slots)});
    }
    packs_.push_back(std::move(pack));
}

void add_slot_tables(Repository& fresh, const LogState& state, Progress& progress) {
    SlotTableLoad(fresh, state, progress).run();
}

MoveTable read_move_table(const Repository& repository, const NamedMoveTable& table, const StoredPack* pack,
                          const LogHead& seen, Progress& progress) {
    const ChunkAddress& address = table.address;
    const std::string object =
        fmt::format("move table of log entry {}, slot {} of pack {}", table.entry, address.slot, address.pack.hex());
    if (pack == nullptr) {
        if (!is_condemned_after(repository.log, seen, address.pack))
            warn_of_damage(object + ": the pack is missing", progress);
        return {};
    }
    try {
        return parse_move_table(repository.chunks.read_slot(*pack, address.slot), object);
    } catch (const Error& error) {
        if (!is_damaged_or_missing(error)) throw;
        warn_of_damage(error.what(), progress);
        return {};
    }
}

}  // namespace varve
