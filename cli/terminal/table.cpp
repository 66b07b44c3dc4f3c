#include "cli/terminal/table.h"

#include <algorithm>
#include <numeric>

#include "cli/terminal/display_width.h"
#include "engine/base/check.h"

namespace varve {
void Table::add(std::vector<std::string> cells) {
    VARVE_CHECK(cells.size() == columns_.size());
    rows_.push_back(std::move(cells));
}

std::vector<std::size_t> Table::widths(std::size_t columns_max) const {
    std::vector<std::size_t> widths;
    for (const Column& column : columns_) widths.push_back(display_columns(column.title));
    const std::vector<std::size_t> least = widths;
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_columns(row[i]));
    }
    std::size_t total = std::accumulate(widths.begin(), widths.end(), 2 * (widths.size() - 1));
    while (total > columns_max) {
        std::size_t widest = widths.size();
        for (std::size_t i = 0; i < widths.size(); ++i)
            if (columns_[i].may_shrink && widths[i] > least[i] &&
                (widest == widths.size() || widths[i] > widths[widest]))
                widest = i;
        if (widest == widths.size()) break;
        --widths[widest];
        --total;
    }
    return widths;
}

std::string Table::text(std::size_t columns_max) const {
    const std::vector<std::size_t> widths = this->widths(columns_max);
    std::string out;
    const auto append_row = [&](const std::vector<std::string>& row) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string cell = shortened(row[i], widths[i]);
            const std::string padding(widths[i] - display_columns(cell), ' ');
            line += i == 0 ? "" : "  ";
            line += columns_[i].align == Align::right ? padding + cell : cell + padding;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    };
    std::vector<std::string> titles;
    for (const Column& column : columns_) titles.push_back(column.title);
    append_row(titles);
    for (const auto& row : rows_) append_row(row);
    return out;
}

}  // namespace varve
