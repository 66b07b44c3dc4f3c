#pragma once
/// Ids and digests as the catalog's rows store them: lower-case hex, so that a person with sqlite3 can read them.

#include <string>
#include <string_view>

#include "catalog/sqlite.h"
#include "engine/base/digest.h"
#include "engine/base/random_id.h"

namespace varve {

/// Throws Error(catalog_damaged) unless `text` is exactly the hex digits of `out`.
void parse_hex_column(std::string_view text, ByteSpan out);

template <typename Id>
Id id_column(const SqliteQuery& row, int column) {
    Id id;
    parse_hex_column(row.text(column), id.bytes);
    return id;
}

}  // namespace varve
