#include "tests/tidy/source_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string_view>

#include "tests/support/build_paths.h"

namespace varve::tidy {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> lines_of(const std::string& path) {
    std::ifstream in(test::source_path(path));
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::vector<Source> with_extensions(std::initializer_list<std::string_view> extensions) {
    std::vector<Source> found;
    for (const std::string& path : project_files()) {
        const auto is_named = [&](std::string_view extension) { return path.ends_with(extension); };
        if (std::any_of(extensions.begin(), extensions.end(), is_named)) found.push_back({path, lines_of(path)});
    }
    return found;
}

}  // namespace

const std::vector<std::string>& project_files() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> found;
        const fs::path top = test::source_path("");
        for (const auto& entry : fs::directory_iterator(top)) {
            if (entry.is_regular_file()) found.push_back(entry.path().filename().string());
        }
        for (const char* folder : {"engine", "formats", "store", "catalog", "cli", "tests", "examples", ".ci"}) {
            if (!fs::exists(top / folder)) continue;
            for (const auto& entry : fs::recursive_directory_iterator(top / folder)) {
                if (entry.is_regular_file()) found.push_back(fs::relative(entry.path(), top).string());
            }
        }
        std::sort(found.begin(), found.end());
        return found;
    }();
    return all;
}

const std::vector<Source>& sources() {
    static const std::vector<Source> all = with_extensions({".h", ".cpp"});
    return all;
}

const std::vector<Source>& documents() {
    static const std::vector<Source> all = with_extensions({".md", ".sh", ".py", ".cmake", "CMakeLists.txt", ".in"});
    return all;
}

std::string included(const std::string& line) {
    const std::size_t hash = line.find_first_not_of(' ');
    if (hash == line.npos || line[hash] != '#' || line.find("include", hash) == line.npos) return "";
    const std::size_t open = line.find('"', hash);
    if (open == line.npos) return "";
    const std::size_t close = line.find('"', open + 1);
    return close == line.npos ? "" : line.substr(open + 1, close - open - 1);
}

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == path.npos ? "" : path.substr(0, slash);
}

}  // namespace varve::tidy
