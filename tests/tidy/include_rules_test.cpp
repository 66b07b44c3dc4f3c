// Who may include whom: the table "folder | may include" of ARCHITECTURE.md is the rule, and this test reads that
// table.

#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/tidy/source_files.h"

using namespace varve::tidy;

namespace {

constexpr std::size_t folder_sources_max = 60;

using Patterns = std::vector<std::string>;

/// A name with a trailing "/*" stands for that folder and all below it, any other for that folder alone.
bool matches(const std::string& pattern, const std::string& folder) {
    if (!pattern.ends_with("/*")) return pattern == folder;
    return (folder + "/").starts_with(pattern.substr(0, pattern.size() - 1));
}

Patterns backticked(const std::string& cell) {
    Patterns found;
    for (std::size_t open = cell.find('`'); open != cell.npos;) {
        const std::size_t close = cell.find('`', open + 1);
        if (close == cell.npos) break;
        found.push_back(cell.substr(open + 1, close - open - 1));
        open = cell.find('`', close + 1);
    }
    return found;
}

/// The cells of a Markdown table's row.
std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells;
    std::istringstream in(line);
    std::string cell;
    std::getline(in, cell, '|');
    while (std::getline(in, cell, '|')) {
        const std::size_t begin = cell.find_first_not_of(' ');
        cells.push_back(begin == cell.npos ? "" : cell.substr(begin, cell.find_last_not_of(' ') - begin + 1));
    }
    return cells;
}

/// The table whose header cells are "folder" and "may include".
std::map<std::string, Patterns> include_table() {
    std::map<std::string, Patterns> table;
    for (const Source& document : documents()) {
        if (document.path != "ARCHITECTURE.md") continue;
        bool is_in_table = false;
        for (const std::string& line : document.lines) {
            const auto cells = line.starts_with('|') ? cells_of(line) : std::vector<std::string>{};
            if (cells.size() < 2) {
                is_in_table = false;
            } else if (cells[0] == "folder" && cells[1] == "may include") {
                is_in_table = true;
            } else if (is_in_table) {
                for (const std::string& folder : backticked(cells[0])) table[folder] = backticked(cells[1]);
            }
        }
    }
    return table;
}

/// The row of a folder: its own, else that of the longest pattern; nullptr without any.
const Patterns* row_of(const std::map<std::string, Patterns>& table, const std::string& folder) {
    const Patterns* row = nullptr;
    std::size_t length = 0;
    for (const auto& [pattern, allowed] : table) {
        const bool is_better = pattern == folder || pattern.size() > length;
        if (!matches(pattern, folder) || !is_better) continue;
        row = &allowed;
        length = pattern == folder ? std::string::npos : pattern.size();
    }
    return row;
}

bool is_allowed(const Patterns& allowed, const std::string& folder) {
    for (const std::string& pattern : allowed) {
        if (matches(pattern, folder)) return true;
    }
    return false;
}

/// A header and its source are one unit.
std::string unit_of(const std::string& path) { return path.substr(0, path.rfind('.')); }

using Includes = std::map<std::string, std::set<std::string>>;

Includes includes_of_units() {
    Includes units;
    for (const Source& source : sources()) {
        auto& included_units = units[unit_of(source.path)];
        for (const std::string& line : source.lines) {
            const std::string header = included(line);
            if (!header.empty() && unit_of(header) != unit_of(source.path)) included_units.insert(unit_of(header));
        }
    }
    return units;
}

/// Finds cycles depth first; every unit is entered once.
class CycleSearch {
public:
    explicit CycleSearch(const Includes& units) : units_(units) {}

    /// All cycles met, one a line; empty when there is none.
    std::string run() {
        for (const auto& unit : units_) visit(unit.first);
        return cycles_;
    }

private:
    void visit(const std::string& unit) {
        if (done_.contains(unit) || !units_.contains(unit)) return;
        for (std::size_t i = 0; i < path_.size(); ++i) {
            if (path_[i] != unit) continue;
            for (; i < path_.size(); ++i) cycles_ += path_[i] + " -> ";
            cycles_ += unit + "\n";
            return;
        }
        path_.push_back(unit);
        for (const std::string& next : units_.at(unit)) visit(next);
        path_.pop_back();
        done_.insert(unit);
    }

    const Includes& units_;
    std::set<std::string> done_;
    std::vector<std::string> path_;
    std::string cycles_;
};

}  // namespace

TEST_CASE("tidy: a folder includes only what its row in ARCHITECTURE.md allows", "[tidy]") {
    const auto table = include_table();
    CHECK(table.size() > 10);
    std::set<std::string> without_row;
    std::string out;
    for (const Source& source : sources()) {
        const std::string from = folder_of(source.path);
        const Patterns* allowed = row_of(table, from);
        if (allowed == nullptr) {
            without_row.insert(from);
            continue;
        }
        for (const std::string& line : source.lines) {
            const std::string header = included(line);
            const std::string to = folder_of(header);
            if (header.empty() || to == from || is_allowed(*allowed, to)) continue;
            out += source.path + ": `" + from + "` may not include " + header + "\n";
        }
    }
    for (const std::string& folder : without_row) out += "`" + folder + "` has no row in the table\n";
    CHECK(out == "");
}

TEST_CASE("tidy: the include table names only folders that hold sources", "[tidy]") {
    std::set<std::string> folders;
    for (const Source& source : sources()) folders.insert(folder_of(source.path));
    std::string out;
    const auto check = [&](const std::string& pattern) {
        for (const std::string& folder : folders) {
            if (matches(pattern, folder)) return;
        }
        out += "`" + pattern + "`\n";
    };
    for (const auto& [folder, allowed] : include_table()) {
        check(folder);
        for (const std::string& pattern : allowed) check(pattern);
    }
    CHECK(out == "");
}

TEST_CASE("tidy: no units include each other in a circle", "[tidy]") {
    CHECK(CycleSearch(includes_of_units()).run() == "");
}

TEST_CASE("tidy: an include names its file from the top folder", "[tidy]") {
    std::set<std::string> files(project_files().begin(), project_files().end());
    std::string out;
    for (const Source& source : sources()) {
        for (const std::string& line : source.lines) {
            const std::string header = included(line);
            if (!header.empty() && !files.contains(header)) out += source.path + ": " + header + "\n";
        }
    }
    CHECK(out == "");
}

TEST_CASE("tidy: no folder holds too many sources to survey", "[tidy]") {
    std::map<std::string, std::size_t> counts;
    for (const Source& source : sources()) ++counts[folder_of(source.path)];
    std::string out;
    for (const auto& [folder, count] : counts) {
        if (count > folder_sources_max) out += folder + ": " + std::to_string(count) + " sources\n";
    }
    CHECK(out == "");
}
