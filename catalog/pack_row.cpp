#include "catalog/pack_row.h"

#include <array>
#include <limits>

#include <fmt/format.h>

#include "catalog/row_text.h"
#include "catalog/seal.h"

namespace varve {
namespace {

constexpr std::array<std::string_view, 4> standing_names{"named", "uncommitted", "committed", "condemned"};
constexpr std::array<std::string_view, 3> kind_names{"", "data", "metadata"};

[[noreturn]] void fail(std::int64_t number) {
    throw Error(ErrorCode::catalog_damaged,
                fmt::format("the catalog is damaged: the row of pack number {} does not match its checksum", number));
}

template <std::size_t N>
std::size_t index_of(const std::array<std::string_view, N>& names, const SqliteQuery& row, int column) {
    for (std::size_t i = 0; i < N; ++i)
        if (names[i] == row.text(column)) return i;
    fail(row.integer(0));
}

std::uint64_t seal(const PackRow& row) {
    Seal seal("pack");
    seal.add(row.number).add(row.id.view()).add(static_cast<int>(row.standing)).add(row.facts.has_value());
    if (row.facts) seal.add(static_cast<int>(row.facts->kind)).add(row.facts->digest.view()).add(row.facts->size.value);
    seal.add(row.entry).add(row.slots.has_value()).add(row.slots.value_or(0)).add(row.slots_seal).add(row.chunks);
    return seal.add(row.moves).add(row.moves_sum).add(row.changed).value();
}

PackRow parse(const SqliteQuery& from) {
    PackRow row;
    row.number = static_cast<PackNumber>(from.integer(0));
    row.id = id_column<PackId>(from, 1);
    row.standing = static_cast<PackRowState>(index_of(standing_names, from, 2));
    if (!from.is_null(3))
        row.facts = PackFacts{
            row.id, static_cast<PackKind>(index_of(kind_names, from, 3)), id_column<Digest>(from, 4), {from.number(5)}};
    row.entry = from.number(6);
    if (!from.is_null(7)) row.slots = static_cast<std::uint32_t>(from.integer(7));
    row.slots_seal = from.number(8);
    row.chunks = static_cast<std::uint32_t>(from.integer(9));
    row.moves = static_cast<std::uint32_t>(from.integer(10));
    row.moves_sum = from.number(11);
    row.changed = from.number(12);
    row.seal = from.number(13);
    if (row.seal != seal(row)) fail(from.integer(0));
    return row;
}

}  // namespace

std::vector<PackRow> read_changed_packs(SqliteDatabase& database, std::uint64_t since) {
    SqliteQuery rows = database.query(
        "SELECT number, id, state, kind, digest, size, entry, slots, slots_seal, chunks, moves, moves_sum, changed, "
        "seal FROM packs "
        "WHERE changed > ? ORDER BY number",
        since);
    std::vector<PackRow> result;
    while (rows.step()) result.push_back(parse(rows));
    return result;
}

void write_pack_row(SqliteDatabase& database, PackRow& row) {
    row.seal = seal(row);
    std::optional<std::string_view> kind;
    std::optional<std::string> digest;
    std::optional<std::uint64_t> size;
    if (row.facts) {
        kind = kind_names[static_cast<std::size_t>(row.facts->kind)];
        digest = to_hex(row.facts->digest.view());
        size = row.facts->size.value;
    }
    database.run("INSERT OR REPLACE INTO packs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row.number,
                 row.id.hex(), standing_names[static_cast<std::size_t>(row.standing)], kind, digest, size, row.entry,
                 row.slots, row.slots_seal, row.chunks, row.moves, row.moves_sum, row.changed, row.seal);
}

}  // namespace varve
