#pragma once
/// What the catalog knows about one pack, under the small number that represents its id in index entries and move runs.
/// A plain value, read when it is needed. Rows are never deleted; a lost one is noticed, whether it is looked up by its
/// number (numbers have no gaps) or by its id (each bucket of ids has a count and a sum of seals).

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

/// The row with this number, which exists in the database. Throws Error(catalog_damaged) when it is missing or does not
/// match its seal, as do all of these.
PackRow read_pack_row(SqliteDatabase& database, PackNumber number);

/// The row of the pack, or nullopt: then the rows of its bucket were read, and prove that there is none.
std::optional<PackRow> find_pack_row(SqliteDatabase& database, const PackId& id);

/// All rows, by number; `count` as the state has it.
std::vector<PackRow> read_all_pack_rows(SqliteDatabase& database, std::uint64_t count);

/// The numbers of the rows that changed after generation `since`.
std::vector<PackNumber> changed_pack_numbers(SqliteDatabase& database, std::uint64_t since);

/// The numbers of condemned packs whose slot tables are still here.
std::vector<PackNumber> condemned_with_slots(SqliteDatabase& database);

/// Inserts or replaces the row, whose former seal is in it (0: a new row); sets its seal, and counts it in its bucket.
void write_pack_row(SqliteDatabase& database, PackRow& row);

/// All buckets, empty.
void create_pack_buckets(SqliteDatabase& database);

}  // namespace varve
