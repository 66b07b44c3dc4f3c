#pragma once
/// One pack's slot table as the catalog stores it: the bytes of store/FORMAT.md section 5, with a checksum in the
/// pack's row.

#include <memory>

#include "catalog/pack_row.h"
#include "engine/repository/slot_table.h"

namespace varve {

/// The slot table that the row refers to, or null when the database does not (or no longer) have it.
std::shared_ptr<const SlotTable> read_slot_table(SqliteDatabase& database, const PackRow& pack);

/// Stores the table, replacing an existing one, and records it in the row.
void write_slot_table(SqliteDatabase& database, PackRow& pack, const SlotTable& table);

/// Removes the table, if there is one, and records that in the row.
void drop_slot_table(SqliteDatabase& database, PackRow& pack);

/// Memory that a parsed table takes.
std::size_t memory_bytes(const SlotTable& table);

}  // namespace varve
