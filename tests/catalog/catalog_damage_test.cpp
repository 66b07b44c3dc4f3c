// A catalog that is not what was written answers correctly or throws Error(catalog_damaged), and nothing else.

#include <cstdlib>
#include <fstream>

#include "catalog/sqlite_catalog.h"
#include "tests/catalog/answers.h"
#include "tests/catch.h"
#include "tests/fakes/temporary_folder.h"

namespace varve {
namespace {

using Path = std::filesystem::path;

constexpr int entries = 24;
constexpr int entries_before_damage = 20;

RandomLog sample() {
    return make_random_log(5, entries, 40, [](const SampleStep&) {});
}

std::unique_ptr<Catalog> open(const Path& folder, const RandomLog& made) {
    return open_sqlite_catalog(folder, made.log.repository(), made.log.genesis());
}

/// What a healthy catalog answers after each number of entries.
std::vector<Answers> right_answers(const RandomLog& made) {
    const TemporaryFolder folder;
    const auto catalog = open(folder.path() / "right", made);
    std::vector<Answers> right{ask(*catalog, made)};
    for (const SampleStep& step : made.log.steps()) {
        REQUIRE(enter(*catalog, step));
        right.push_back(ask(*catalog, made));
    }
    return right;
}

/// The files of a catalog with most of its log, in memory: a database alone, or one with all of it in the write-ahead
/// log.
std::map<std::string, std::string> files_of(const RandomLog& made, bool in_wal) {
    const TemporaryFolder folder;
    const Path original = folder.path() / "original", copy = folder.path() / "copy";
    auto catalog = open(original, made);
    for (int i = 0; i < entries_before_damage; ++i)
        REQUIRE(enter(*catalog, made.log.steps()[static_cast<std::size_t>(i)]));
    if (!in_wal) catalog.reset();
    // Another process copies: closing a file here would release SQLite's locks on it.
    REQUIRE(std::system(("cp -r '" + original.string() + "' '" + copy.string() + "'").c_str()) == 0);
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(copy)) {
        std::ifstream in(entry.path(), std::ios::binary);
        files[entry.path().filename().string()] = {std::istreambuf_iterator<char>(in), {}};
    }
    return files;
}

void write_files(const Path& folder, const std::map<std::string, std::string>& files) {
    std::filesystem::create_directory(folder);
    for (const auto& [name, bytes] : files) std::ofstream(folder / name, std::ios::binary) << bytes;
}

enum class Outcome { right, damaged, wrong };

/// Opens the catalog in `folder`, queries everything, reads the rest of the log, and queries again.
Outcome try_out(const Path& folder, const RandomLog& made, const std::vector<Answers>& right) try {
    const auto catalog = open(folder, made);
    const Answers answers = ask(*catalog, made);
    if (answers.head.number >= right.size() || !(answers == right[answers.head.number])) return Outcome::wrong;
    for (std::size_t i = answers.head.number; i < made.log.steps().size(); ++i)
        if (!enter(*catalog, made.log.steps()[i])) return Outcome::wrong;
    return ask(*catalog, made) == right.back() ? Outcome::right : Outcome::wrong;
} catch (const Error& error) {
    if (error.code() == ErrorCode::catalog_damaged) return Outcome::damaged;
    UNSCOPED_INFO(error.what());
    return Outcome::wrong;
}

/// Number of trials: a test takes few, an investigation sets the variable.
int trials(int few) {
    const char* many = std::getenv("VARVE_DAMAGE_TRIALS");
    return many != nullptr ? std::atoi(many) : few;
}

}  // namespace

TEST_CASE("catalog: a database truncated anywhere answers correctly or is reported damaged", "[catalog]") {
    const RandomLog made = sample();
    const std::vector<Answers> right = right_answers(made);
    for (const bool in_wal : {false, true}) {
        const auto files = files_of(made, in_wal);
        const std::string name = in_wal ? "catalog.sqlite-wal" : "catalog.sqlite";
        const std::string& whole = files.at(name);
        REQUIRE(whole.size() > 200'000);
        int damaged = 0;
        for (std::size_t size = 0; size < whole.size(); size += whole.size() / 40 + (size < 1000 ? 0 : 1)) {
            const TemporaryFolder folder;
            auto cut = files;
            cut[name].resize(size);
            write_files(folder.path() / "cut", cut);
            INFO(name << " cut at " << size);
            const Outcome outcome = try_out(folder.path() / "cut", made, right);
            CHECK(outcome != Outcome::wrong);
            damaged += outcome == Outcome::damaged ? 1 : 0;
            if (outcome == Outcome::damaged) {
                remove_sqlite_catalog(folder.path() / "cut");
                CHECK(try_out(folder.path() / "cut", made, right) == Outcome::right);
            }
        }
        if (!in_wal) CHECK(damaged > 30);
        // A database cut under a whole write-ahead log.
        for (const std::size_t size : {0u, 1u, 100u, 8192u, 16383u}) {
            const TemporaryFolder folder;
            auto cut = files;
            cut["catalog.sqlite"].resize(std::min(size, cut["catalog.sqlite"].size()));
            write_files(folder.path() / "cut", cut);
            INFO("catalog.sqlite cut at " << size);
            CHECK(try_out(folder.path() / "cut", made, right) != Outcome::wrong);
        }
    }
}

TEST_CASE("catalog: a database with a flipped bit answers correctly or is reported damaged", "[catalog]") {
    const RandomLog made = sample();
    const std::vector<Answers> right = right_answers(made);
    std::mt19937_64 random(11);
    for (const std::string name : {"catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"}) {
        const auto files = files_of(made, name != "catalog.sqlite");
        const std::size_t size = files.at(name).size();
        int damaged = 0;
        const int count = trials(name == "catalog.sqlite" ? 300 : 50);
        for (int i = 0; i < count; ++i) {
            // Half of the flips in the first bytes of a page, where SQLite keeps its own.
            std::size_t at = random() % size;
            if (i % 2 == 0) at = std::min(at / 4096 * 4096 + random() % 120, size - 1);
            auto flipped = files;
            flipped[name][at] = static_cast<char>(flipped[name][at] ^ (1 << (random() % 8)));
            const TemporaryFolder folder;
            write_files(folder.path() / "flipped", flipped);
            INFO(name << " flipped at " << at);
            const Outcome outcome = try_out(folder.path() / "flipped", made, right);
            CHECK(outcome != Outcome::wrong);
            damaged += outcome == Outcome::damaged ? 1 : 0;
        }
        if (name == "catalog.sqlite") CHECK(damaged > count / 8);
    }
}

TEST_CASE("catalog: a page of zeros or from another place is detected", "[catalog]") {
    const RandomLog made = sample();
    const std::vector<Answers> right = right_answers(made);
    const auto files = files_of(made, false);
    constexpr std::size_t page = 16384;
    const std::size_t pages = files.at("catalog.sqlite").size() / page;
    REQUIRE(pages > 20);
    for (std::size_t i = 0; i < pages; ++i) {
        for (const std::size_t source : {pages, (i + 1) % pages}) {
            auto changed = files;
            std::string& bytes = changed["catalog.sqlite"];
            bytes.replace(i * page, page,
                          source == pages ? std::string(page, '\0') : bytes.substr(source * page, page));
            const TemporaryFolder folder;
            write_files(folder.path() / "changed", changed);
            INFO("page " << i << " is page " << source);
            CHECK(try_out(folder.path() / "changed", made, right) != Outcome::wrong);
        }
    }
}

}  // namespace varve
