// cli/JSON.md and the golden files agree: every field that a command prints is on the page, and every field on the page
// is printed. What the page promises to users is thus what the program does.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tests/catch.h"
#include "tests/support/build_paths.h"
#include "tests/tidy/source_files.h"

using namespace varve::tidy;

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string content_of(const fs::path& path) {
    std::ifstream in(path);
    REQUIRE(in);
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::string page() { return content_of(varve::test::source_path("cli/JSON.md")); }

const std::string common = "every document";
const std::string progress = "progress";

/// Type by field, by command; what all documents have is under `common`, the lines of progress under `progress`.
using Fields = std::map<std::string, std::string>;

std::map<std::string, Fields> fields_on_page() {
    static const std::regex command(R"(### `(\w+)`)");
    static const std::regex row(R"(\| `([\w.\[\]]+)` \| ([a-z ]+) \| [\w ]*\| .*\|)");
    std::map<std::string, Fields> all;
    std::string section;
    for (const std::string& line : lines_of(page())) {
        std::smatch match;
        if (std::regex_match(line, match, command))
            section = match[1];
        else if (line.starts_with("## "))
            section = line == "## Every document" ? common : line == "## Progress lines" ? progress : "";
        else if (!section.empty() && std::regex_match(line, match, row))
            all[section][match[1]] = match[2];
    }
    return all;
}

std::string type_of(const Json& value) {
    if (value.is_null()) return "null";
    if (value.is_boolean()) return "boolean";
    if (value.is_number_integer()) return "integer";
    if (value.is_number()) return "number";
    if (value.is_string()) return "string";
    if (value.is_object()) return "object";
    if (value.empty()) return "array";
    return value[0].is_string() ? "array of strings" : "array of objects";
}

/// `listed` is such as "integer or null".
bool fits(const std::string& type, const std::string& listed) {
    std::string rest = listed;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(" or "), rest.size());
        const std::string one = rest.substr(0, end);
        rest = rest.substr(std::min(end + 4, rest.size()));
        if (one == type || (one == "number" && type == "integer") || (one == "map" && type == "object") ||
            (type == "array" && one.starts_with("array of ")))
            return true;
    }
    return false;
}

/// Holds golden files against the page.
class Comparison {
public:
    explicit Comparison(std::map<std::string, Fields> page) : page_(std::move(page)) {}

    void check(const fs::path& golden) {
        const std::string name = golden.filename().string();
        const std::string command = name.substr(0, name.find_first_of("_."));
        if (golden.extension() == ".jsonl") {
            for (const std::string& line : lines_of(content_of(golden))) check_whole(name, command, Json::parse(line));
        } else {
            const Json json = Json::parse(content_of(golden));
            check_whole(name, command, json);
            if (!json.contains("warnings")) complaints_ += name + ": it has no warnings\n";
        }
    }

    /// One line for each disagreement.
    std::string complaints() const {
        std::string out = complaints_;
        for (const auto& [section, fields] : page_)
            for (const auto& [field, type] : fields)
                if (!seen_.contains({section, field}))
                    out += fmt::format("{}: no golden file has `{}`\n", section, field);
        return out;
    }

private:
    void check_whole(const std::string& name, const std::string& command, const Json& json) {
        if (json.empty() || json.begin().key() != "version") complaints_ += name + ": it does not begin with version\n";
        check_fields(name, command, "", json);
    }

    void check_fields(const std::string& name, const std::string& command, const std::string& prefix,
                      const Json& object) {
        for (const auto& [key, value] : object.items()) {
            const std::string field = prefix + key;
            const std::string listed = listed_type(command, field);
            if (listed.empty())
                complaints_ += fmt::format("{}: `{}` is not on the page\n", name, field);
            else if (!fits(type_of(value), listed))
                complaints_ += fmt::format("{}: `{}` is {}, the page has {}\n", name, field, type_of(value), listed);
            if (listed == "map") continue;
            if (value.is_object()) check_fields(name, command, field + ".", value);
            if (value.is_array())
                for (const Json& element : value)
                    if (element.is_object()) check_fields(name, command, field + "[].", element);
        }
    }

    std::string listed_type(const std::string& command, const std::string& field) {
        for (const std::string& section : {command, common}) {
            const auto fields = page_.find(section);
            if (fields == page_.end() || !fields->second.contains(field)) continue;
            seen_.insert({section, field});
            return fields->second.at(field);
        }
        return "";
    }

    std::map<std::string, Fields> page_;
    std::set<std::pair<std::string, std::string>> seen_;
    std::string complaints_;
};

/// What the parentheses of `line` match, on all lines of this file where it matches.
std::set<std::string> words_in(const std::string& path, const std::string& line) {
    const std::regex pattern(line);
    std::set<std::string> words;
    for (const std::string& text : lines_of(content_of(varve::test::source_path(path)))) {
        std::smatch match;
        if (std::regex_search(text, match, pattern)) words.insert(match[1]);
    }
    REQUIRE(!words.empty());
    return words;
}

}  // namespace

TEST_CASE("tidy: the page about JSON lists exactly the fields that the golden files have, with their types", "[tidy]") {
    Comparison comparison(fields_on_page());
    for (const auto& entry : fs::directory_iterator(varve::test::source_path("tests/golden")))
        if (entry.is_regular_file()) comparison.check(entry.path());
    CHECK(comparison.complaints() == "");
}

TEST_CASE("tidy: the page about JSON has a section for every command", "[tidy]") {
    const auto sections = fields_on_page();
    for (const std::string& verb : words_in("cli/commands/verbs.h", R"(^Verb (\w+)_verb\(\))")) {
        CAPTURE(verb);
        CHECK(sections.contains(verb));
    }
}

TEST_CASE("tidy: the page about JSON states the version, and lists the words for errors and findings", "[tidy]") {
    const std::string text = page();
    const auto version = words_in("cli/terminal/json.h", R"re(json_version = "(.*)")re");
    CHECK(text.find("`\"version\": \"" + *version.begin() + "\"`") != std::string::npos);

    std::set<std::string> codes = words_in("cli/terminal/error_json.cpp", R"re(return "(\w+)";)re");
    codes.merge(words_in("cli/terminal/error_json.h", R"re(error_word_\w+ = "(\w+)";)re"));
    CHECK(words_in("cli/JSON.md", R"(^\| `(\w+)` \| [^|]* \|$)") == codes);

    for (const std::string& kind : words_in("engine/jobs/finding.cpp", R"re(return "(\w+)";)re")) {
        CAPTURE(kind);
        CHECK(text.find("`" + kind + "`") != std::string::npos);
    }
}
