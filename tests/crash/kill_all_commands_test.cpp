// kill -9 of every command that works on a repository, at random moments: each has done all of its work or none of it,
// nothing needs unlocking, and afterwards everything verifies.

#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>

#include "store/backend/local_backend.h"
#include "tests/support/killed_program.h"
#include "tests/support/long_test.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::DiskFile;
using test::KillMoment;
using test::Program;

namespace {

using Ids = std::set<SnapshotId>;

Ids snapshots_in(const std::string& repository) {
    const auto backend = LocalBackend::open(repository);
    test::TestRepository host(*backend);
    Ids ids;
    for (const SnapshotRecord& snapshot : host.snapshots()) ids.insert(snapshot.id);
    return ids;
}

bool has_all_of(const Ids& all, const Ids& some) { return std::ranges::includes(all, some); }

/// One repository with two disks, a second one that holds copies, and the commands that work on them.
class KilledCommands {
public:
    explicit KilledCommands(std::uint64_t seed) : random_(seed) {
        program_.must({"init"});
        Program::wait(program_.start_without_repository({"init", second()}));
        backup(0);
        backup(1);
        for (const auto& [name, arguments] : commands()) {
            moments_.emplace(name, KillMoment(random_()));
            moments_.at(name).learn([&, what = arguments] { program_.must(what); });
        }
    }

    /// Whether the command was cut off.
    bool kill_one() {
        disks_[0].change();
        const auto all = commands();
        const auto& [name, arguments] = all[random_() % all.size()];
        CAPTURE(name);
        const Ids before = snapshots_in(repository());
        const bool is_cut_off = moments_.at(name).kills(program_, arguments);
        ++counts_[name];
        const Ids after = snapshots_in(repository());
        if (name == "forget")
            REQUIRE((after == before || (has_all_of(before, after) && after.size() == kept_max_)));
        else
            REQUIRE((has_all_of(after, before) && after.size() <= before.size() + (name == "backup" ? 1 : 0)));
        return is_cut_off;
    }

    /// As any later command finds it.
    void require_sound() const {
        program_.must({"check", "-q"});
        program_.must({"verify", "-q"});
    }

    void require_completed() const {
        program_.must({"backup", folder_ / "disk0.raw", "--disk", "disk0"});
        program_.must({"verify", "disk0@latest", "--against", folder_ / "disk0.raw"});
        program_.must({"prune"});
        program_.must({"copy", "--to", second()});
        require_sound();
        REQUIRE(has_all_of(snapshots_in(second()), snapshots_in(repository())));
    }

    void print() const {
        for (const auto& [name, count] : counts_) std::printf("kill test: %s %d times\n", name.c_str(), count);
    }

private:
    std::string repository() const { return folder_ / "repo"; }
    std::string second() const { return folder_ / "second"; }
    std::string disk(int number) const { return folder_ / ("disk" + std::to_string(number) + ".raw"); }

    void backup(int number) const {
        program_.must({"backup", disk(number), "--disk", "disk" + std::to_string(number)});
    }

    std::vector<std::pair<std::string, std::vector<std::string>>> commands() const {
        return {{"backup", {"backup", disk(0), "--disk", "disk0"}},
                {"forget", {"forget", "--disk", "disk0", "--keep-last", std::to_string(kept_max_ - 1)}},
                {"prune", {"prune"}},
                {"copy", {"copy", "--to", second()}},
                {"repair", {"repair", "--from", second()}},
                {"tag", {"tag", "disk1@latest", "--add", "round=" + std::to_string(random_() % 100)}},
                {"rebuild", {"rebuild"}},
                {"check", {"check"}},
                {"verify", {"verify", "--sample", "50%"}},
                {"restore", {"restore", "disk0@latest", "--to", folder_ / "back.raw", "--force"}}};
    }

    static constexpr std::size_t kept_max_ = 5;  ///< of both disks

    const TemporaryFolder folder_;
    const Program program_{folder_};
    mutable std::mt19937_64 random_;
    DiskFile disks_[2]{{disk(0), 1}, {disk(1), 2}};
    std::map<std::string, KillMoment> moments_;
    std::map<std::string, int> counts_;
};

/// VARVE_KILLS asks for more of them than CI has time for.
int number_of_kills() {
    const char* wanted = std::getenv("VARVE_KILLS");
    return wanted != nullptr ? std::atoi(wanted) : test_rounds(120);
}

}  // namespace

TEST_CASE("kill: every command cut off by kill -9 at random moments has done all or nothing", "[crash]") {
    constexpr std::uint64_t seed = 20261130;
    const int kills = number_of_kills();
    std::printf("kill test: seed %llu, %d kills\n", static_cast<unsigned long long>(seed), kills);
    KilledCommands commands(seed);
    int cut_off = 0;
    for (int i = 0; i < kills; ++i) {
        CAPTURE(i);
        if (commands.kill_one()) ++cut_off;
        if (i % 10 == 9) commands.require_sound();
    }
    commands.print();
    std::printf("kill test: %d of %d were cut off\n", cut_off, kills);
    REQUIRE(cut_off > kills / 4);
    commands.require_completed();
}
