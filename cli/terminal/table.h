#pragma once
/// Text in columns, as wide as their widest cell. Widths are columns of a terminal (display_width.h). A plain value.

#include <string>
#include <vector>

namespace varve {

class Table {
public:
    enum class Align { left, right };

    struct Column {
        std::string title;
        Align align = Align::left;
        bool may_shrink = false;  ///< its cells may be cut, with "…", to fit into a line
    };

    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    /// As many cells as there are columns; the caller has escaped what came from outside.
    void add(std::vector<std::string> cells);

    /// A line of titles, then a line a row; no blanks at line ends. Columns that may shrink do so, the widest first,
    /// down to their titles, while a line has more than `columns_max` columns.
    std::string text(std::size_t columns_max = unlimited) const;

    static constexpr std::size_t unlimited = ~std::size_t{0};

private:
    std::vector<std::size_t> widths(std::size_t columns_max) const;

    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace varve
