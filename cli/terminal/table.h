#pragma once
/// Text in columns, as wide as their widest cell. Widths count UTF-8 code points, not screen cells. A plain value.

#include <string>
#include <vector>

namespace varve {

class Table {
public:
    enum class Align { left, right };

    struct Column {
        std::string title;
        Align align = Align::left;
    };

    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    /// As many cells as there are columns; the caller has escaped what came from outside.
    void add(std::vector<std::string> cells);

    /// A line of titles, then a line a row; no blanks at line ends.
    std::string text() const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace varve
