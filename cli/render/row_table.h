#pragma once
/// Records as the rows of a table, with columns that are omitted where nothing is in them.

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "cli/terminal/table.h"

namespace varve {

inline constexpr std::size_t table_columns_max = 80;

template <typename Row>
struct RowColumn {
    Table::Column title;
    std::function<std::string(const Row&)> cell;  ///< escaped
    bool is_optional = false;                     ///< omitted where no row has it
};

/// At most `columns_max` wide, as far as its columns may shrink.
template <typename Row>
std::string rows_text(const std::vector<Row>& rows, std::vector<RowColumn<Row>> columns, std::size_t columns_max) {
    std::erase_if(columns, [&](const RowColumn<Row>& column) {
        return column.is_optional &&
               std::ranges::all_of(rows, [&](const Row& row) { return column.cell(row).empty(); });
    });
    std::vector<Table::Column> titles;
    titles.reserve(columns.size());
    for (const RowColumn<Row>& column : columns) titles.push_back(column.title);
    Table table(std::move(titles));
    for (const Row& row : rows) {
        std::vector<std::string> cells;
        cells.reserve(columns.size());
        for (const RowColumn<Row>& column : columns) cells.push_back(column.cell(row));
        table.add(std::move(cells));
    }
    return table.text(columns_max);
}

}  // namespace varve
