// Documents and comments cite only files that exist in the tree.

#include <filesystem>
#include <regex>
#include <set>
#include <string>

#include "tests/catch.h"
#include "tests/tidy/source_files.h"

using namespace varve::tidy;

namespace {

namespace fs = std::filesystem;

/// Beginnings of paths in the source trees of QEMU, LVM2 and SQLite, which comments cite as specifications.
constexpr const char* foreign[] = {"docs/interop/", "include/block/", "lib/label/", "lib/format_text/", "sqlite3.h"};

bool is_foreign(const std::string& path) {
    for (const char* prefix : foreign) {
        if (path.starts_with(prefix)) return true;
    }
    return false;
}

/// What a reader reads as prose: all of a document, the comment of a line of code.
std::string prose_of(const Source& source, const std::string& line) {
    if (source.path.ends_with(".md")) return line;
    const bool is_cpp = source.path.ends_with(".h") || source.path.ends_with(".cpp");
    const std::string mark = is_cpp ? "//" : "#";
    std::size_t at = line.find(mark);
    while (at != line.npos && at != 0 && line[at - 1] != ' ') at = line.find(mark, at + 1);
    return at == line.npos ? "" : line.substr(at + mark.size());
}

class Citations {
public:
    Citations() : files_(project_files().begin(), project_files().end()) {
        for (const std::string& path : files_) names_.insert(path.substr(path.rfind('/') + 1));
    }

    /// The files that this line cites and that do not exist, one a line.
    std::string missing(const Source& source, const std::string& line) const {
        // A path with a folder, the name of a C++ file, or a document in capitals.
        static const std::regex pattern(R"((^|[^\w/.<"$%{\-]))"
                                        R"(((\w[\w.\-]*/)+\w[\w.\-]*\.(h|cpp|md|sh|py|txt|cmake|json))"
                                        R"(|[a-z]\w*\.(h|cpp)|[A-Z_]+\.md)\b)");
        const std::string prose = prose_of(source, line);
        std::string out;
        for (std::sregex_iterator match(prose.begin(), prose.end(), pattern), end; match != end; ++match) {
            const std::string path = (*match)[2];
            if (!exists(folder_of(source.path), path) && !is_foreign(path)) out += source.path + ": " + path + "\n";
        }
        return out;
    }

private:
    bool exists(const std::string& folder, const std::string& path) const {
        if (path.find('/') == path.npos) return names_.contains(path);
        return files_.contains(path) || files_.contains((fs::path(folder) / path).lexically_normal().string());
    }

    std::set<std::string> files_;
    std::set<std::string> names_;  ///< of the files, without their folders
};

}  // namespace

TEST_CASE("tidy: documents and comments cite only files that exist", "[tidy]") {
    const Citations citations;
    std::string out;
    for (const auto* group : {&sources(), &documents()}) {
        for (const Source& source : *group) {
            for (const std::string& line : source.lines) out += citations.missing(source, line);
        }
    }
    CHECK(out == "");
}
