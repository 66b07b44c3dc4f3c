#pragma once
/// What the catalog knows about one pack, under the small number that represents its id in index entries and move runs.
/// A plain value; the catalog keeps all of them in memory.

#include <cstdint>
#include <optional>
#include <vector>

#include "catalog/sqlite.h"
#include "engine/repository/catalog.h"

namespace varve {

using PackNumber = std::uint32_t;

/// PackState, and one more for a pack of which only the name is known: a move table mentioned it, or it was an orphan
/// that disappeared. It keeps its number, which is never given to another pack.
enum class PackRowState { named, uncommitted, committed, condemned };

struct PackRow {
    PackNumber number = 0;
    PackId id;
    PackRowState standing = PackRowState::named;
    std::optional<PackFacts> facts;      ///< none: no entry named the pack before it was condemned
    LogNumber entry = 0;                 ///< the entry that named it first; 0: none yet
    std::optional<std::uint32_t> slots;  ///< slots in its slot table; none: the catalog does not have the table
    std::uint64_t slots_seal = 0;        ///< of the slot table's bytes
    std::uint32_t chunks = 0;            ///< its slots in the id index
    std::uint32_t moves = 0;             ///< runs that move tables move away from it
    std::uint64_t moves_sum = 0;         ///< wrapping sum of their seals
    std::uint64_t changed = 0;           ///< generation that changed the row last
    std::uint64_t seal = 0;              ///< as read or written

    bool is_live() const { return standing == PackRowState::committed || standing == PackRowState::uncommitted; }
};

/// All rows changed after generation `since`. Throws Error(catalog_damaged) for one that does not match its seal.
std::vector<PackRow> read_changed_packs(SqliteDatabase& database, std::uint64_t since);

/// Inserts or replaces the row; sets its seal.
void write_pack_row(SqliteDatabase& database, PackRow& row);

}  // namespace varve
