// The real program while calls to the operating system fail. Interrupted calls and short transfers go unnoticed. An
// input/output error at any place ends a command with a sentence or does no harm: nothing is lost, what was reported as
// done is there, and afterwards everything verifies and the next backup succeeds.

#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

#include "store/backend/local_backend.h"
#include "tests/support/killed_program.h"
#include "tests/support/long_test.h"
#include "tests/support/test_repository.h"

using namespace varve;
namespace fs = std::filesystem;
using test::DiskFile;
using test::Program;

namespace {

struct NamedCommand {
    std::string name;
    std::vector<std::string> arguments;
};

std::string bytes_in(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// What a repository holds, with its tags.
struct Contents {
    std::set<SnapshotId> ids;
    std::size_t tags = 0;
    friend bool operator==(const Contents&, const Contents&) = default;
};

Contents contents_of(const std::string& repository) {
    const auto backend = LocalBackend::open(repository);
    test::TestRepository host(*backend);
    Contents contents;
    for (const SnapshotRecord& snapshot : host.snapshots()) {
        contents.ids.insert(snapshot.id);
        contents.tags += snapshot.tags.size();
    }
    return contents;
}

bool holds_all(const std::set<SnapshotId>& all, const std::set<SnapshotId>& some) {
    return std::ranges::includes(all, some);
}

/// A repository of several nights of which some are forgotten, and a second one that lacks the last. Each command
/// finds both as they were at first.
class FailingCalls {
public:
    FailingCalls() {
        fs::copy_file(test::build_path("tests/crash/libfailing_calls.so"), folder_ / "calls.so");
        program_.must({"init"});
        REQUIRE(run_on_second({"init", second()}) == 0);
        for (int night = 0; night < 4; ++night) {
            backup();
            if (night == 2) program_.must({"copy", "--to", second()});
            disk_.change();
        }
        program_.must({"forget", "--disk", "disk", "--keep-last", "3"});
        program_.must({"restore", "disk@latest", "--to", folder_ / "expected.raw"});
        for (const char* name : kept_) fs::copy(folder_ / name, saved(name), fs::copy_options::recursive);
        before_ = contents_of(repository());
    }

    std::vector<NamedCommand> commands() const {
        return {{"init", {"init", folder_ / "third"}},
                {"backup", {"backup", image(), "--disk", "disk"}},
                {"backup again", {"backup", folder_ / "expected.raw", "--disk", "again"}},
                {"forget", {"forget", "--disk", "disk", "--keep-last", "1"}},
                {"prune", {"prune"}},
                {"repair", {"repair", "--from", second()}},
                {"verify", {"verify"}},
                {"check", {"check"}},
                {"copy", {"copy", "--to", second()}},
                {"rebuild", {"rebuild"}},
                {"tag", {"tag", "disk@latest", "--add", "kind=tried"}},
                {"restore", {"restore", "disk@latest", "--to", folder_ / "back.raw"}},
                {"list", {"list"}}};
    }

    /// How many calls the command makes that could fail so.
    std::uint64_t try_once(const NamedCommand& command, const std::string& kind, std::uint64_t number) {
        CAPTURE(command.name, kind, number);
        reset();
        status_ = run_failing(command, kind + " " + std::to_string(number));
        INFO("status " << status_ << ": " << program_.output());
        const std::array<std::uint64_t, 2> counts = read_counts();
        ++tried_[kind];
        failed_[kind] += status_ != 0 ? 1 : 0;
        if (kind == "eintr" || kind == "short") {
            REQUIRE(counts[1] > 0);
            REQUIRE(status_ == 0);
            require_tidy();
        } else {
            REQUIRE((status_ == 0 || status_ == 1 || status_ == 3));
            if (status_ != 0) {
                REQUIRE(counts[1] > 0);
                REQUIRE(states_what_failed());
                REQUIRE(program_.output().find("bug") == std::string::npos);
            }
        }
        require_true(command.name);
        require_sound();
        return counts[0];
    }

    void print() const {
        for (const auto& [kind, count] : tried_)
            std::printf("failing calls: %s in %d runs, of which %d ended with an error\n", kind.c_str(), count,
                        failed_.at(kind));
    }

private:
    std::string repository() const { return folder_ / "repo"; }
    std::string second() const { return folder_ / "second"; }
    std::string image() const { return folder_ / "disk.raw"; }
    std::string saved(const std::string& name) const { return saved_ / name; }

    void backup() const { program_.must({"backup", image(), "--disk", "disk"}); }
    int run_on_second(std::vector<std::string> arguments) const {
        return Program::wait(program_.start_without_repository(std::move(arguments)));
    }

    void reset() {
        for (const char* name : {"third", "back.raw"}) fs::remove_all(folder_ / name);
        for (const char* name : kept_) {
            fs::remove_all(folder_ / name);
            fs::copy(saved(name), folder_ / name, fs::copy_options::recursive);
        }
    }

    int run_failing(const NamedCommand& command, const std::string& rule) const {
        const std::string counts = saved("counts");
        std::ofstream(counts, std::ios::binary) << std::string(16, '\0');
        const test::Environment failing{{"LD_PRELOAD", folder_ / "calls.so"},
                                        {"ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0"},
                                        {"FAILING_FOLDER", folder_ / ""},
                                        {"FAILING_CALLS", rule},
                                        {"FAILING_COUNTS", counts}};
        const bool is_init = command.name == "init";
        return Program::wait(is_init ? program_.start_without_repository(command.arguments, failing)
                                     : program_.start(command.arguments, failing));
    }

    std::array<std::uint64_t, 2> read_counts() const {
        const std::string bytes = bytes_in(saved("counts"));
        std::array<std::uint64_t, 2> counts{};
        REQUIRE(bytes.size() == sizeof counts);
        std::memcpy(counts.data(), bytes.data(), sizeof counts);
        return counts;
    }

    /// By a sentence, or by a finding of verify or check.
    bool states_what_failed() const {
        const std::string output = program_.output();
        return output.find("varve: ") != std::string::npos ||
               (status_ == 3 && output.find("finding") != std::string::npos);
    }

    /// What was reported as done is there; what failed changed nothing or all.
    void require_true(const std::string& name) const {
        const Contents after = contents_of(repository());
        const bool is_done = status_ == 0;
        const bool is_backup = name.starts_with("backup");
        if (name == "forget") {
            REQUIRE((after == before_ || after.ids.size() == 1));
            if (is_done) REQUIRE(after.ids.size() == 1);
        } else {
            REQUIRE(holds_all(after.ids, before_.ids));
            REQUIRE(after.ids.size() <= before_.ids.size() + (is_backup ? 1 : 0));
        }
        if (!is_done) return;
        if (is_backup) REQUIRE(after.ids.size() == before_.ids.size() + 1);
        if (name == "tag") REQUIRE(after.tags == before_.tags + 1);
        if (name == "copy") REQUIRE(holds_all(contents_of(second()).ids, before_.ids));
        if (name == "restore") REQUIRE(bytes_in(folder_ / "back.raw") == bytes_in(folder_ / "expected.raw"));
        if (name == "init") REQUIRE(run_on_second({"check", "-r", folder_ / "third"}) == 0);
    }

    void require_tidy() const {
        REQUIRE((!fs::exists(folder_ / "repo/leases") || fs::is_empty(folder_ / "repo/leases")));
        REQUIRE((!fs::exists(folder_ / "repo/tmp") || fs::is_empty(folder_ / "repo/tmp")));
    }

    void require_sound() const {
        program_.must({"check", "-q"});
        backup();
        program_.must({"verify", "-q"});
    }

    static constexpr const char* kept_[] = {"repo", "second", "cache"};

    const TemporaryFolder folder_;
    const TemporaryFolder saved_;
    const Program program_{folder_};
    DiskFile disk_{folder_ / "disk.raw", 5};
    Contents before_;
    int status_ = 0;
    std::map<std::string, int> tried_;
    std::map<std::string, int> failed_;
};

}  // namespace

TEST_CASE("calls: interrupted calls and short transfers go unnoticed in every command", "[crash]") {
    FailingCalls calls;
    for (const NamedCommand& command : calls.commands()) {
        calls.try_once(command, "eintr", 2);
        calls.try_once(command, "short", 1);
    }
    calls.print();
}

TEST_CASE("calls: an input/output error at any place of any command loses nothing", "[crash]") {
    constexpr std::uint64_t places = 6;
    FailingCalls calls;
    for (const NamedCommand& command : calls.commands()) {
        const std::uint64_t all = calls.try_once(command, "eio", 1'000'000);
        const std::uint64_t step = (all / places + 1) * test_place_step;
        for (std::uint64_t place = 1; place <= all; place += step) calls.try_once(command, "eio", place);
        for (std::uint64_t place = step / 2 + 1; place <= all; place += 3 * step)
            calls.try_once(command, "dead", place);
    }
    calls.print();
}
