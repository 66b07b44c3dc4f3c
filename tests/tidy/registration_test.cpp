// Every test source and script under tests/ takes part in the build, and every script is run.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

#include "tests/catch.h"
#include "tests/support/build_paths.h"
#include "tests/tidy/source_files.h"

using namespace varve::tidy;

namespace {

namespace fs = std::filesystem;

/// The sources that the CMakeLists.txt of tests/ name, as paths from the top.
std::set<std::string> registered_sources() {
    std::set<std::string> found;
    for (const Source& document : documents()) {
        if (!document.path.starts_with("tests/") || !document.path.ends_with("CMakeLists.txt")) continue;
        for (const std::string& line : document.lines) {
            std::string words = line.substr(0, line.find('#'));
            for (char& c : words) c = c == '(' || c == ')' ? ' ' : c;
            std::istringstream in(words);
            for (std::string word; in >> word;) {
                if (word.ends_with(".cpp"))
                    found.insert((fs::path(folder_of(document.path)) / word).lexically_normal().string());
            }
        }
    }
    return found;
}

/// The commands of all tests of this build, as ctest reads them.
std::string test_commands() {
    std::string text;
    for (const auto& entry : fs::recursive_directory_iterator(varve::test::build_path("tests"))) {
        if (entry.path().filename() != "CTestTestfile.cmake") continue;
        std::ifstream in(entry.path());
        text.append(std::istreambuf_iterator<char>(in), {});
    }
    return text;
}

}  // namespace

TEST_CASE("tidy: every source under tests/ is named by a CMakeLists.txt", "[tidy]") {
    const std::set<std::string> registered = registered_sources();
    CHECK(registered.size() > 100);
    std::string out;
    for (const Source& source : sources()) {
        const bool is_test_source = source.path.starts_with("tests/") && source.path.ends_with(".cpp");
        if (is_test_source && !registered.contains(source.path)) out += source.path + "\n";
    }
    CHECK(out == "");
}

TEST_CASE("tidy: every source with tests for ThreadSanitizer is listed under PIPELINE", "[tidy]") {
    std::set<std::string> listed;
    for (const Source& document : documents()) {
        if (!document.path.starts_with("tests/") || !document.path.ends_with("CMakeLists.txt")) continue;
        std::string list;  // the word in capitals above a source
        for (const std::string& line : document.lines) {
            std::istringstream in(line);
            for (std::string word; in >> word;) {
                if (word == "PIPELINE" || word == "SOURCES" || word == "ALONE" || word == "LINK") list = word;
                if (list == "PIPELINE") listed.insert((fs::path(folder_of(document.path)) / word).string());
            }
        }
    }
    std::size_t sources_with_tag = 0;
    std::string out;
    for (const Source& source : sources()) {
        if (!source.path.ends_with("_test.cpp")) continue;
        for (const std::string& line : source.lines) {
            if (line.find("[pipe"
                          "line]") == line.npos)
                continue;
            ++sources_with_tag;
            if (!listed.contains(source.path)) out += source.path + "\n";
            break;
        }
    }
    CHECK(sources_with_tag > 10);
    CHECK(out == "");
}

TEST_CASE("tidy: every script under tests/ is run by a test", "[tidy]") {
    // Started or sourced by people and by the scripts themselves.
    const std::set<std::string> no_tests{"tests/run.sh", "tests/setup.sh", "tests/bench/run.sh",
                                         "tests/cli/scripts/lib.sh"};
    const std::string commands = test_commands();
    std::size_t scripts = 0;
    std::string out;
    for (const std::string& path : project_files()) {
        if (!path.starts_with("tests/") || !path.ends_with(".sh") || no_tests.contains(path)) continue;
        ++scripts;
        if (commands.find(varve::test::source_path(path) + "\"") == commands.npos) out += path + "\n";
    }
    CHECK(scripts > 50);
    CHECK(out == "");
}
