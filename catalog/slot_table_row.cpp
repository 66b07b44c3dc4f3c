#include "catalog/slot_table_row.h"

#include <fmt/format.h>

#include "catalog/seal.h"

namespace varve {
namespace {

/// Bound to the pack, so that another pack's table is not accepted.
std::uint64_t slots_seal(const PackId& pack, ByteView bytes) {
    return seal_of(load_le<std::uint64_t>(pack.view().first(8)), bytes);
}

}  // namespace

std::shared_ptr<const SlotTable> read_slot_table(SqliteDatabase& database, const PackRow& pack) {
    SqliteQuery row = database.query("SELECT bytes FROM slot_tables WHERE pack = ?", pack.number);
    if (!row.step()) return nullptr;
    const ByteView bytes = row.blob(0);
    if (slots_seal(pack.id, bytes) != pack.slots_seal) return nullptr;
    return std::make_shared<const SlotTable>(
        parse_slot_table(bytes, fmt::format("slot table of pack {} in the catalog", pack.id.hex())));
}

void write_slot_table(SqliteDatabase& database, PackRow& pack, const SlotTable& table) {
    const Bytes bytes = encode(table);
    pack.slots = static_cast<std::uint32_t>(table.slots.size());
    pack.slots_seal = slots_seal(pack.id, bytes);
    database.run("INSERT OR REPLACE INTO slot_tables VALUES (?, ?)", pack.number, ByteView(bytes));
}

void drop_slot_table(SqliteDatabase& database, PackRow& pack) {
    if (!pack.slots) return;
    database.run("DELETE FROM slot_tables WHERE pack = ?", pack.number);
    pack.slots.reset();
    pack.slots_seal = 0;
    pack.chunks = 0;
}

std::size_t memory_bytes(const SlotTable& table) {
    return sizeof(table) + table.frames.size() * sizeof(Frame) + table.slots.size() * sizeof(Slot) +
           table.patch_bases.size() * sizeof(PatchBase);
}

}  // namespace varve
