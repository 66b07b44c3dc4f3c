#include "catalog/row_text.h"

#include <fmt/format.h>

#include "engine/base/escape.h"
#include "engine/repository/catalog.h"

namespace varve {

void parse_hex_column(std::string_view text, ByteSpan out) {
    if (!from_hex(text, out))  // raw bytes, escaped because a message ends at a NUL
        throw Error(ErrorCode::catalog_damaged,
                    fmt::format("the catalog is damaged: expected {} hex digits, found '{}'", 2 * out.size(),
                                escape_for_display(text)));
}

}  // namespace varve
