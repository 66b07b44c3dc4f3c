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

constexpr std::string_view pack_columns =
    "number, id, state, kind, digest, size, entry, slots, slots_seal, chunks, moves, moves_sum, changed, seal";

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

/// The packs whose ids begin with the same byte: how many there are, and the wrapping sum of their rows' seals.
struct Bucket {
    std::uint64_t packs = 0;
    std::uint64_t sum = 0;

    std::uint64_t seal(std::size_t number) const { return Seal("bucket").add(number).add(packs).add(sum).value(); }
    friend bool operator==(const Bucket&, const Bucket&) = default;
};
constexpr std::size_t bucket_count = 256;

std::size_t bucket_of(const PackId& id) { return std::to_integer<std::size_t>(id.bytes[0]); }

[[noreturn]] void fail_missing() {
    throw Error(ErrorCode::catalog_damaged, "the catalog is damaged: rows of packs are missing");
}

[[noreturn]] void fail_index(const PackId& id) {
    throw Error(ErrorCode::catalog_damaged, fmt::format("the catalog is damaged: its index lacks pack {}", id.hex()));
}

Bucket read_bucket(SqliteDatabase& database, std::size_t number) {
    SqliteQuery row = database.query("SELECT packs, packs_sum, seal FROM pack_buckets WHERE bucket = ?", number);
    if (!row.step()) fail_missing();
    const Bucket bucket{row.number(0), row.number(1)};
    if (row.number(2) != bucket.seal(number)) fail_missing();
    return bucket;
}

void write_bucket(SqliteDatabase& database, std::size_t number, const Bucket& bucket) {
    database.run("INSERT OR REPLACE INTO pack_buckets VALUES (?, ?, ?, ?)", number, bucket.packs, bucket.sum,
                 bucket.seal(number));
}

std::vector<PackRow> read_bucket_rows(SqliteDatabase& database, std::size_t number) {
    static const std::string select = fmt::format("SELECT {} FROM packs WHERE id >= ? AND id < ?", pack_columns);
    const std::string begin = fmt::format("{:02x}", number), end = fmt::format("{:02x}g", number);
    std::vector<PackRow> result;
    Bucket found;
    SqliteQuery rows = database.query(select, begin, end);
    while (rows.step()) {
        result.push_back(parse(rows));
        ++found.packs;
        found.sum += result.back().seal;
    }
    if (found != read_bucket(database, number)) fail_missing();
    return result;
}

std::vector<PackNumber> numbers_of(SqliteQuery& rows) {
    std::vector<PackNumber> result;
    while (rows.step()) result.push_back(static_cast<PackNumber>(rows.integer(0)));
    return result;
}

}  // namespace

PackRow read_pack_row(SqliteDatabase& database, PackNumber number) {
    static const std::string select = fmt::format("SELECT {} FROM packs WHERE number = ?", pack_columns);
    SqliteQuery row = database.query(select, number);
    if (!row.step())
        throw Error(ErrorCode::catalog_damaged,
                    fmt::format("the catalog is damaged: the row of pack number {} is missing", number));
    return parse(row);
}

std::optional<PackRow> find_pack_row(SqliteDatabase& database, const PackId& id) {
    static const std::string select = fmt::format("SELECT {} FROM packs WHERE id = ?", pack_columns);
    {
        const std::string hex = id.hex();
        SqliteQuery row = database.query(select, hex);
        if (row.step()) return parse(row);
    }
    for (const PackRow& other : read_bucket_rows(database, bucket_of(id)))
        if (other.id == id) fail_index(id);
    return std::nullopt;
}

std::vector<PackRow> read_all_pack_rows(SqliteDatabase& database, std::uint64_t count) {
    static const std::string select = fmt::format("SELECT {} FROM packs ORDER BY number", pack_columns);
    std::vector<PackRow> result;
    std::array<Bucket, bucket_count> found{};
    SqliteQuery rows = database.query(select);
    while (rows.step()) {
        result.push_back(parse(rows));
        ++found[bucket_of(result.back().id)].packs;
        found[bucket_of(result.back().id)].sum += result.back().seal;
    }
    if (result.size() != count) fail_missing();
    for (std::size_t i = 0; i < bucket_count; ++i)
        if (found[i] != read_bucket(database, i)) fail_missing();
    return result;
}

std::vector<PackNumber> changed_pack_numbers(SqliteDatabase& database, std::uint64_t since) {
    SqliteQuery rows = database.query("SELECT number FROM packs WHERE changed > ?", since);
    return numbers_of(rows);
}

std::vector<PackNumber> condemned_with_slots(SqliteDatabase& database) {
    SqliteQuery rows = database.query("SELECT number FROM packs WHERE state = 'condemned' AND slots IS NOT NULL");
    return numbers_of(rows);
}

void write_pack_row(SqliteDatabase& database, PackRow& row) {
    Bucket bucket = read_bucket(database, bucket_of(row.id));
    bucket.packs += row.seal == 0 ? 1 : 0;
    bucket.sum -= row.seal;
    row.seal = seal(row);
    bucket.sum += row.seal;
    write_bucket(database, bucket_of(row.id), bucket);
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

void create_pack_buckets(SqliteDatabase& database) {
    for (std::size_t i = 0; i < bucket_count; ++i) write_bucket(database, i, {});
}

}  // namespace varve
