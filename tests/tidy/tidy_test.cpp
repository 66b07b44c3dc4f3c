// What a reader of any file of the project may count on. Scans of the sources, so that a breach is a failed test and
// not a review comment.

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/support/build_paths.h"
#include "tests/tidy/source_files.h"

using namespace varve::tidy;

namespace {

namespace fs = std::filesystem;

const fs::path source_dir = varve::test::source_path("");
constexpr std::size_t line_columns_max = 120;
constexpr std::size_t file_lines_max = 500;

/// The layer a file belongs to: its folder, with engine/base apart.
std::string layer_of(const std::string& path) {
    if (path.starts_with("engine/base/")) return "engine/base";
    return path.substr(0, path.find('/'));
}

std::string system_included(const std::string& line) {
    static const std::regex pattern(R"(^\s*#\s*include\s*<([^>]*)>)");
    std::smatch match;
    return std::regex_search(line, match, pattern) ? match[1].str() : "";
}

/// The jobs, which adapters must not know: whole folders, and one header.
bool is_job_header(const std::string& header) {
    return header.starts_with("engine/backup/") || header.starts_with("engine/jobs/") ||
           header == "engine/repository/catalog_sync.h";
}

/// Beginnings of third-party headers, and the folders whose .cpp files may include them.
const std::map<std::string, std::set<std::string>>& third_parties() {
    static const std::map<std::string, std::set<std::string>> table{
        {"sqlite3", {"catalog"}},
        {"zstd", {"formats", "store"}},
        {"zlib", {"engine/base", "formats"}},
        {"libdeflate", {"formats"}},
        {"pugixml", {"formats"}},
        {"openssl/", {"engine/base", "store", "formats"}},
        {"xxhash", {"engine", "store", "catalog"}},
        {"boost/", {"engine/base", "cli"}},
        {"nlohmann/", {"cli", "formats"}},
        {"fmt/", {"engine/base", "engine", "formats", "store", "catalog", "cli"}},
    };
    return table;
}

std::string place(const Source& source, std::size_t line) { return source.path + ":" + std::to_string(line + 1); }

/// Calls `check(source, line number, line)`, which returns a complaint or nothing, for every line; returns all
/// complaints.
template <typename Check>
std::string complaints(Check check) {
    std::string out;
    for (const Source& source : sources()) {
        for (std::size_t i = 0; i < source.lines.size(); ++i) {
            const std::string complaint = check(source, source.lines[i]);
            if (!complaint.empty()) out += place(source, i) + ": " + complaint + "\n";
        }
    }
    return out;
}

std::size_t columns_of(const std::string& line) {
    return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

TEST_CASE("tidy: the scans find the sources", "[tidy]") { CHECK(sources().size() > 50); }

TEST_CASE("tidy: adapters do not know the jobs", "[tidy]") {
    CHECK(complaints([](const Source& source, const std::string& line) -> std::string {
              const std::string from = layer_of(source.path);
              const bool is_adapter = from == "formats" || from == "store" || from == "catalog";
              return is_adapter && is_job_header(included(line)) ? "an adapter includes a job" : "";
          }) == "");
}

/// What makes or takes apart VMDK, VDI, qcow2 and tar for the tests, by the specification alone.
bool is_builder(const std::string& path) {
    static const std::regex pattern(R"(tests/formats/(vmdk|vdi|qcow2|tar)/\w*(builder|layout)\.(h|cpp))");
    return std::regex_match(path, pattern);
}

TEST_CASE("tidy: what builds disks for the tests shares nothing with what reads them", "[tidy]") {
    std::size_t builders = 0;
    for (const Source& source : sources()) builders += is_builder(source.path) ? 1U : 0U;
    CHECK(builders >= 8);
    CHECK(complaints([](const Source& source, const std::string& line) -> std::string {
              const std::string header = included(line);
              if (header.empty() || !is_builder(source.path)) return "";
              const bool is_neutral = header == "engine/base/bytes.h" || header == "tests/catch.h";
              return is_neutral || is_builder(header) ? "" : "a builder may not include " + header;
          }) == "");
}

TEST_CASE("tidy: third-party libraries stay in their folders, and in .cpp files", "[tidy]") {
    CHECK(complaints([](const Source& source, const std::string& line) -> std::string {
              const std::string header = system_included(line);
              const std::string from = layer_of(source.path);
              if (header.empty() || from == "tests" || from == "examples") return "";
              for (const auto& [prefix, folders] : third_parties()) {
                  if (!header.starts_with(prefix)) continue;
                  if (!folders.contains(from)) return from + " may not include <" + header + ">";
                  if (source.path.ends_with(".h") && from != "cli") return "<" + header + "> in a header";
              }
              return "";
          }) == "");
}

TEST_CASE("tidy: headers begin with #pragma once and a comment that states their contract", "[tidy]") {
    std::string out;
    for (const Source& source : sources()) {
        if (!source.path.ends_with(".h")) continue;
        const auto& lines = source.lines;
        if (lines.empty() || lines[0] != "#pragma once") out += source.path + ": #pragma once is not the first line\n";
        const bool is_contract = !source.path.starts_with("tests/");
        if (is_contract && (lines.size() < 2 || !lines[1].starts_with("///")))
            out += source.path + ": no contract at its head\n";
    }
    CHECK(out == "");
}

TEST_CASE("tidy: no using namespace in headers", "[tidy]") {
    CHECK(complaints([](const Source& source, const std::string& line) -> std::string {
              const bool is_header = source.path.ends_with(".h");
              return is_header && line.find("using namespace") != line.npos ? "using namespace in a header" : "";
          }) == "");
}

TEST_CASE("tidy: a source's own header comes first", "[tidy]") {
    std::string out;
    for (const Source& source : sources()) {
        if (!source.path.ends_with(".cpp") || source.path.starts_with("tests/")) continue;
        const std::string own = source.path.substr(0, source.path.size() - 4) + ".h";
        if (!fs::exists(source_dir / own)) continue;
        const auto first = std::find_if(source.lines.begin(), source.lines.end(), [](const std::string& line) {
            return !included(line).empty() || !system_included(line).empty();
        });
        if (first == source.lines.end() || included(*first) != own)
            out += source.path + ": " + own + " is not its first include\n";
    }
    CHECK(out == "");
}

TEST_CASE("tidy: no tabs, no blanks at line ends, no line that is too long", "[tidy]") {
    CHECK(complaints([](const Source&, const std::string& line) -> std::string {
              if (line.find('\t') != line.npos) return "a tab";
              if (line.ends_with(' ')) return "a blank at the end";
              return columns_of(line) > line_columns_max ? std::to_string(columns_of(line)) + " columns" : "";
          }) == "");
}

TEST_CASE("tidy: a file is one concept, short enough to read at once", "[tidy]") {
    std::string out;
    for (const Source& source : sources()) {
        if (source.path.starts_with("tests/")) continue;
        if (source.lines.size() > file_lines_max)
            out += source.path + ": " + std::to_string(source.lines.size()) + " lines\n";
    }
    CHECK(out == "");
}

TEST_CASE("tidy: the top folder holds the folders of the design and nothing else", "[tidy]") {
    const std::set<std::string> allowed{
        "engine",          "formats",         "store",          "catalog",           "cli",
        "tests",           "examples",        "CMakeLists.txt", "CMakePresets.json", "README.md",
        "ARCHITECTURE.md", "CONTRIBUTING.md", "LICENSE"};
    std::string out;
    for (const auto& entry : fs::directory_iterator(source_dir)) {
        const std::string name = entry.path().filename().string();
        const bool is_known = allowed.contains(name) || name.starts_with('.') || name.starts_with("build") ||
                              name == "CMakeUserPresets.json";
        if (!is_known) out += name + "\n";
    }
    for (const std::string& name : allowed) {
        if (!fs::exists(source_dir / name)) out += name + " is missing\n";
    }
    CHECK(out == "");
}
