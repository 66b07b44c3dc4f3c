#include "catalog/catalog_change.h"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "catalog/index_merge.h"
#include "catalog/move_row.h"
#include "catalog/slot_table_row.h"
#include "catalog/snapshot_rows.h"
#include "engine/base/check.h"
#include "engine/base/timestamp.h"
#include "engine/repository/slot_record.h"

namespace varve {
namespace {

std::string_view kind_of(const LogEntry& entry) {
    constexpr std::array<std::string_view, 4> names{"commit", "forget", "move", "tag"};
    return names[entry.body.index()];
}

}  // namespace

CatalogChange::CatalogChange(SqliteDatabase& database, const std::filesystem::path& folder,
                             std::shared_ptr<const CatalogView> view)
    : database_(database), folder_(folder), view_(std::move(view)), state_(view_->state()), runs_(view_->runs()) {
    ++state_.generation;
}

void CatalogChange::apply(const LogRecord& record, std::span<const StoredPack> packs,
                          std::span<const MoveTable> tables) {
    VARVE_CHECK(record.head.number == state_.head.number + 1);
    const LogEntry& entry = record.entry;
    database_.run("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)", record.head.number, kind_of(entry),
                  format_utc(entry.written), entry.host, entry.program, to_hex(record.head.digest.view()));
    if (const auto* commit = std::get_if<CommitEntry>(&entry.body)) apply_commit(record, *commit, packs);
    if (const auto* move = std::get_if<MoveEntry>(&entry.body)) apply_move(record, *move, packs, tables);
    if (const auto* tag = std::get_if<TagEntry>(&entry.body)) edit_tags(database_, state_, *tag);
    if (const auto* forget = std::get_if<ForgetEntry>(&entry.body))
        for (const SnapshotId& id : forget->snapshots) remove_snapshot(database_, state_, id);
    state_.head = record.head;
}

void CatalogChange::load(const LogState& from, std::span<const MoveTable> tables) {
    VARVE_CHECK(state_.head.number == 0 && tables.size() == from.tables.size());
    for (const auto& [id, pack] : from.packs) name_pack(pack.facts, pack.entry, {});
    load_condemned(from.condemned);
    for (std::size_t i = 0; i < tables.size(); ++i) enter_table(from.tables[i].number, from.tables[i].entry, tables[i]);
    for (const auto& [number, commit] : from.commits) load_commit(number, commit);
    state_.head = from.head;
    state_.last_move = from.last_move;
    state_.move_tables = from.move_tables;
}

/// Most have no row yet. Looking each of them up would read a bucket to prove it.
void CatalogChange::load_condemned(const std::set<PackId>& condemned) {
    std::unordered_set<PackId> known_here;
    for (const PackRow& row : read_all_pack_rows(database_, view_->state().packs)) known_here.insert(row.id);
    for (const PackId& id : condemned) {
        if (!known_here.contains(id) && !numbers_.contains(id)) add_row(id);
        condemn(id);
    }
}

void CatalogChange::load_commit(LogNumber number, const LiveCommit& commit) {
    database_.run("INSERT INTO log VALUES (?, 'commit', ?, ?, ?, '')", number, format_utc(commit.written), commit.host,
                  commit.program);
    for (const auto& [position, record] : commit.snapshots)
        insert_snapshot(database_, state_, {record, number, position, commit.host});
}

void CatalogChange::skip(const LogHead& after) {
    VARVE_CHECK(after.number > state_.head.number);
    for (LogNumber number = state_.head.number + 1; number <= after.number; ++number)
        database_.run("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)", number, "lost", "", "", "",
                      number == after.number ? to_hex(after.digest.view()) : "");
    state_.head = after;
}

void CatalogChange::apply_commit(const LogRecord& record, const CommitEntry& commit,
                                 std::span<const StoredPack> packs) {
    for (const PackFacts& facts : commit.packs) name_pack(facts, record.head.number, packs);
    std::uint32_t position = 0;
    for (const SnapshotRecord& snapshot : commit.snapshots)
        insert_snapshot(database_, state_, {snapshot, record.head.number, position++, record.entry.host});
}

void CatalogChange::apply_move(const LogRecord& record, const MoveEntry& move, std::span<const StoredPack> packs,
                               std::span<const MoveTable> tables) {
    VARVE_CHECK(tables.size() == move.tables.size());
    for (const PackFacts& facts : move.packs) name_pack(facts, record.head.number, packs);
    for (const MoveTable& table : tables) enter_table(++state_.move_tables, record.head.number, table);
    forget_slots_of_condemned();
    for (const PackId& id : move.condemned) condemn(id);
    state_.last_move = record.head.number;
}

void CatalogChange::name_pack(const PackFacts& facts, LogNumber entry, std::span<const StoredPack> packs) {
    PackRow& row = row_of(facts.id);
    if (row.standing == PackRowState::condemned) return;  // no entry brings a condemned pack back
    const bool is_same = row.facts == facts;
    if (row.standing == PackRowState::committed && !is_same)
        throw Error(ErrorCode::corrupt,
                    fmt::format("log entry {} names pack {} with another digest or size than entry {} did", entry,
                                facts.id.hex(), row.entry));
    row.standing = PackRowState::committed;
    row.facts = facts;
    if (row.entry == 0) row.entry = entry;
    if (row.slots && is_same) return;
    drop_slot_table(database_, row);
    const auto stored =
        std::find_if(packs.begin(), packs.end(), [&](const StoredPack& pack) { return pack.facts == facts; });
    if (stored != packs.end()) take_slots(row, *stored->slots);
}

void CatalogChange::condemn(const PackId& id) {
    PackRow& row = row_of(id);
    // What this host happened to know about an orphan is not in the log, so a rebuilt catalog would not know it.
    if (row.standing != PackRowState::committed && row.standing != PackRowState::condemned) row.facts.reset();
    row.standing = PackRowState::condemned;
}

/// A reader that resolved an address just before its pack was condemned may still ask for its slots, so they are kept
/// until the next move entry.
void CatalogChange::forget_slots_of_condemned() {
    for (const PackNumber number : condemned_with_slots(database_))
        drop_slot_table(database_, row_of(known(number)->id));
}

void CatalogChange::take_slots(PackRow& row, const SlotTable& table) {
    write_slot_table(database_, row, table);
    for (std::uint32_t slot = 0; slot < table.slots.size(); ++slot)
        if (is_data(table.slots[slot].kind)) added_.push_back({tag_of(table.slots[slot].id), row.number, slot});
    row.chunks = static_cast<std::uint32_t>(
        std::count_if(table.slots.begin(), table.slots.end(), [](const Slot& slot) { return is_data(slot.kind); }));
}

void CatalogChange::enter_table(std::uint64_t number, LogNumber entry, const MoveTable& table) {
    for (const MoveRun& run : table.runs) {
        const PackNumber to = row_of(run.to.pack).number;
        write_move(database_, row_of(run.from.pack), {number, run.from.slot, run.count, to, run.to.slot, entry});
    }
}

void CatalogChange::add_uncommitted(std::span<const StoredPack> packs) {
    for (const StoredPack& pack : packs) {
        PackRow& row = row_of(pack.facts.id);
        if (row.standing != PackRowState::named) continue;
        row.standing = PackRowState::uncommitted;
        row.facts = pack.facts;
        take_slots(row, *pack.slots);
    }
}

void CatalogChange::drop_uncommitted(std::span<const PackId> packs) {
    for (const PackId& id : packs) {
        const PackRow* there = known(id);
        if (there == nullptr || there->standing != PackRowState::uncommitted) continue;
        PackRow& row = row_of(id);
        row.standing = PackRowState::named;
        row.facts.reset();
        drop_slot_table(database_, row);
    }
}

PackRow& CatalogChange::row_of(const PackId& id) {
    if (const auto found = numbers_.find(id); found != numbers_.end()) return changed_.at(found->second);
    const PackRow* there = known(id);
    if (there == nullptr) return add_row(id);
    if (there->is_live()) state_.live_chunks -= there->chunks;  // counted again when the row is written
    return change_row(*there);
}

/// For a pack that has none.
PackRow& CatalogChange::add_row(const PackId& id) {
    PackRow row;
    row.number = static_cast<PackNumber>(++state_.packs);
    row.id = id;
    return change_row(row);
}

PackRow& CatalogChange::change_row(const PackRow& row) {
    numbers_.emplace(row.id, row.number);
    return changed_.emplace(row.number, row).first->second;
}

/// The view is that of this transaction, so it always has an answer.
const PackRow* CatalogChange::known(const PackId& id) const { return view_->find(database_, id).value(); }
const PackRow* CatalogChange::known(PackNumber number) const { return view_->find(database_, number).value(); }

bool CatalogChange::is_live(PackNumber number) {
    if (live_.size() <= state_.packs) live_.resize(state_.packs + 1);
    if (number >= live_.size()) return false;
    if (!live_[number]) {
        const auto changed = changed_.find(number);
        const PackRow* row = changed != changed_.end() ? &changed->second : known(number);
        live_[number] = row != nullptr && row->is_live();
    }
    return *live_[number];
}

void CatalogChange::write_rows() {
    for (auto& [number, row] : changed_) {
        row.changed = state_.generation;
        write_pack_row(database_, row);
        if (row.is_live()) state_.live_chunks += row.chunks;
    }
}

IndexRuns CatalogChange::finish() {
    write_rows();
    const auto is_live = [this](PackNumber number) { return this->is_live(number); };
    IndexRuns runs = add_to_index(database_, folder_, state_, runs_, std::move(added_), {is_live, state_.live_chunks});
    update_state(database_, state_);
    return runs;
}

}  // namespace varve
