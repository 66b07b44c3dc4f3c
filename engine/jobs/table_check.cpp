#include "engine/jobs/table_check.h"

#include <iterator>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/progress.h"
#include "engine/repository/catalog_sync.h"
#include "engine/repository/move_table.h"

namespace varve {
namespace {

bool is_committed_pack(const ListedPack& pack, PackKind kind) {
    return pack.state == PackState::committed && pack.facts.kind == kind;
}

}  // namespace

void TableCheck::check_slot_table_copies(const std::stop_token& stop) {
    while (true) {
        const LogNumber move = repository_.catalog.last_move();
        Copies copies = read_copies(stop);
        if (!copies.findings.empty()) read_log_on();
        if (repository_.catalog.last_move() != move) continue;  // a prune beside this job has written other copies
        report_.checked_slot_tables += copies.count;
        std::move(copies.findings.begin(), copies.findings.end(), std::back_inserter(report_.findings));
        return;
    }
}

void TableCheck::read_log_on() const {
    Repository current = repository_;
    NoProgress quiet;
    catch_up(current, quiet);
}

TableCheck::Copies TableCheck::read_copies(const std::stop_token& stop) const {
    Copies copies;
    const std::vector<ListedPack> packs = repository_.catalog.packs();
    for (const ListedPack& holder : packs) {
        if (!is_committed_pack(holder, PackKind::metadata)) continue;
        throw_if_stopped(stop);
        try {
            const StoredPack pack{holder.facts, repository_.catalog.slots(holder.facts.id)};
            for (const auto& [of, copy] : repository_.chunks.read_slot_table_copies(pack))
                compare(holder.facts.id, of, *copy, copies);
        } catch (const Error& error) {  // the check of the pack reports it
            if (!is_damaged_or_missing(error)) throw;
        }
    }
    for (const ListedPack& pack : packs) {
        if (!is_committed_pack(pack, PackKind::data) || copies.of.contains(pack.facts.id)) continue;
        const std::string id = pack.facts.id.hex();
        copies.findings.push_back(finding_about(
            FindingKind::slot_table_damaged, "pack " + id,
            fmt::format("pack {}: no metadata pack has a sound copy of its slot table, so the pack itself "
                        "is all that lists its chunks",
                        id)));
    }
    return copies;
}

void TableCheck::compare(const PackId& holder, const PackId& of, const SlotTable& copy, Copies& copies) const {
    ++copies.count;
    const std::optional<ListedPack> pack = repository_.catalog.pack(of);
    if (!pack || pack->state == PackState::condemned) return;
    if (*repository_.catalog.slots(of) == copy) {
        copies.of.insert(of);
        return;
    }
    copies.findings.push_back(finding_about(
        FindingKind::slot_table_damaged, "pack " + holder.hex(),
        fmt::format("pack {}: its copy of the slot table of pack {} is not the one in use", holder.hex(), of.hex())));
}

void TableCheck::check(const LoggedMoveTable& table) {
    if (is_condemned(table.address.pack)) return;  // a later entry repeats what is still needed
    try {
        const Bytes bytes = repository_.chunks.get_metadata(table.address, SlotKind::move_table);
        for (const MoveRun& run : parse_move_table(bytes, slot_name(table.address)).runs) require_slots(run);
        ++report_.checked_move_tables;
    } catch (Error& error) {
        if (!is_damaged_or_missing(error)) throw;
        if (is_condemned(table.address.pack)) return;  // by now: a miss makes the store read the log on
        error.with_context(fmt::format("move table of log entry {}", table.entry));
        report_.findings.push_back(
            finding_about(FindingKind::move_table_damaged, slot_name(table.address), error.what()));
    }
}

bool TableCheck::is_condemned(const PackId& id) const {
    const std::optional<ListedPack> pack = repository_.catalog.pack(id);
    return pack && pack->state == PackState::condemned;
}

void TableCheck::require_slots(const MoveRun& run) const {
    const std::optional<ListedPack> pack = repository_.catalog.pack(run.to.pack);
    if (!pack)
        throw Error(ErrorCode::corrupt, fmt::format("it names pack {}, which no entry names", run.to.pack.hex()));
    if (pack->state == PackState::condemned) return;  // moved on by a later entry
    const std::size_t slots = repository_.catalog.slots(run.to.pack)->slots.size();
    if (run.to.slot + std::uint64_t{run.count} > slots)
        throw Error(ErrorCode::corrupt, fmt::format("it names {} slots from slot {} of pack {}, which has {}",
                                                    run.count, run.to.slot, run.to.pack.hex(), slots));
}

}  // namespace varve
