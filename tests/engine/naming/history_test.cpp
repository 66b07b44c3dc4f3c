#include "engine/naming/history.h"

#include "tests/catch.h"

using namespace varve;

namespace {

ListedSnapshot listed(LogNumber commit, TimeNs time, const std::string& internal = "") {
    ListedSnapshot s;
    s.record.disk = "d";
    s.record.time = time;
    s.record.source.snapshot = internal;
    s.commit = commit;
    return s;
}

std::vector<LogNumber> commits(const std::vector<ListedSnapshot>& snapshots) {
    std::vector<LogNumber> out;
    for (const ListedSnapshot& s : snapshots) out.push_back(s.commit);
    return out;
}

}  // namespace

TEST_CASE("history: in the order of the log, the last active state at the end", "[engine][history]") {
    const std::vector<ListedSnapshot> by_time{listed(3, 10), listed(2, 20, "s"), listed(4, 30, "t"), listed(1, 99)};
    CHECK(commits(in_history_order(by_time)) == std::vector<LogNumber>{1, 2, 4, 3});
    CHECK(latest_of(by_time).commit == 3);
    const std::vector<ListedSnapshot> internal_only{listed(2, 20, "s"), listed(1, 99, "t")};
    CHECK(commits(in_history_order(internal_only)) == std::vector<LogNumber>{1, 2});
    CHECK(latest_of(internal_only).commit == 2);
    CHECK(in_history_order({}).empty());
}

TEST_CASE("history: a snapshot is ahead of now, or of an active state committed after it", "[engine][history]") {
    const std::vector<ListedSnapshot> all{listed(1, 50), listed(2, 40), listed(3, 30, "s"), listed(4, 45)};
    CHECK(which_are_ahead(all, 100) == std::vector<bool>{true, false, false, false});  // 2: only 3, internal, is older
    CHECK(which_are_ahead(all, 39) == std::vector<bool>{true, true, false, true});
    CHECK(which_are_ahead({}, 100).empty());
}
