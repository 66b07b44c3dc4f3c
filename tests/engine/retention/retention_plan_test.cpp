#include "engine/retention/retention_plan.h"

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/fakes/listed_snapshots.h"
#include "tests/support/time_zone.h"

using namespace varve;
using fakes::listed_snapshot;

namespace {

constexpr TimeNs hour = 3600 * ns_per_second;
constexpr TimeNs day = 24 * hour;
constexpr TimeNs now = 20'000 * day;

ListedSnapshot internal_state(ListedSnapshot snapshot) {
    snapshot.record.source.snapshot = "before-upgrade";
    return snapshot;
}

ListedSnapshot in_group(const std::string& group, ListedSnapshot snapshot) {
    snapshot.record.group = group;
    return snapshot;
}

RetentionRules last(std::uint64_t count) {
    RetentionRules rules;
    rules.last = count;
    return rules;
}

RetentionPlan planned(std::vector<ListedSnapshot> snapshots, const RetentionRules& rules,
                      const RetentionScope& scope = {}) {
    fakes::sort_as_catalog(snapshots);
    return plan_retention(std::move(snapshots), scope, rules, now);
}

/// "disk:commit" of each snapshot that goes, in the order of the plan.
std::string leaving(const RetentionPlan& plan) {
    std::string out;
    for (const RetentionUnit& unit : plan.units)
        for (const ListedSnapshot& s : unit.members)
            if (unit.kept_by.empty()) out += (out.empty() ? "" : " ") + s.record.disk + ":" + std::to_string(s.commit);
    return out;
}

std::string refusal(const std::vector<ListedSnapshot>& snapshots, const RetentionScope& scope) {
    try {
        check_scope(snapshots, scope);
        return "";
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::not_found);
        return error.what();
    }
}

/// Three nights of a machine with two disks, and one of another disk.
std::vector<ListedSnapshot> nights_of_a_machine() {
    std::vector<ListedSnapshot> all;
    for (LogNumber commit = 1; commit <= 3; ++commit) {
        const TimeNs time = now - day * static_cast<TimeNs>(10 - commit);
        all.push_back(in_group("web", listed_snapshot("web/vda", commit, time)));
        all.push_back(in_group("web", listed_snapshot("web/vdb", commit, time, {}, 1)));
    }
    all.push_back(listed_snapshot("db/vda", 4, now - day));
    return all;
}

}  // namespace

TEST_CASE("retention plan: rules apply to each disk by itself, and --disk narrows", "[engine][retention]") {
    const auto all = nights_of_a_machine();
    CHECK(leaving(planned(all, last(1))) == "web/vda:1 web/vda:2 web/vdb:1 web/vdb:2");
    CHECK(planned(all, last(1)).units.size() == 7);
    const RetentionPlan narrowed = planned(all, last(1), {{"*/vda"}, {}});
    CHECK(leaving(narrowed) == "web/vda:1 web/vda:2");
    CHECK(narrowed.units.size() == 4);
    CHECK(leaving(planned(all, last(2), {{"web", "db"}, {}})) == "web/vda:1 web/vdb:1");
    CHECK(planned({}, last(1)).units.empty());
}

TEST_CASE("retention plan: without --group the points of a group may be split, and are counted",
          "[engine][retention]") {
    const auto all = nights_of_a_machine();
    CHECK(planned(all, last(1)).split_points.empty());
    CHECK(planned(all, last(1), {{"web/vda"}, {}}).split_points == std::map<std::string, std::uint64_t>{{"web", 2}});
}

TEST_CASE("retention plan: with --group the disks of a point stay or go together", "[engine][retention]") {
    auto all = nights_of_a_machine();
    all.push_back(listed_snapshot("web/vda", 5, now - 5 * hour));  // outside of the group: not its business
    const RetentionScope group{{}, {"web"}};
    CHECK(leaving(planned(all, last(1), group)) == "web/vda:1 web/vdb:1 web/vda:2 web/vdb:2");
    CHECK(planned(all, last(1), group).units.size() == 3);
    all[1].record.tags = {{"hold", "1"}};  // one disk of the first night
    CHECK(leaving(planned(all, last(1), group)) == "web/vda:2 web/vdb:2");
    CHECK(planned(all, last(1), group).split_points.empty());
}

TEST_CASE("retention plan: the last point of a disk that its machine no longer has stays", "[engine][retention]") {
    auto all = nights_of_a_machine();
    all.push_back(in_group("web", listed_snapshot("web/vda", 5, now - hour)));
    const RetentionPlan plan = planned(all, last(1), {{}, {"web"}});
    CHECK(leaving(plan) == "web/vda:1 web/vdb:1 web/vda:2 web/vdb:2");
    CHECK(plan.units[2].kept_by == std::set{KeepReason::newest});
}

TEST_CASE("retention plan: neither the latest in the log nor the newest by time goes", "[engine][retention]") {
    RetentionRules only_tagged;
    only_tagged.tags = {{"keep", std::nullopt}};
    // The clock was ahead for the second backup, and an internal snapshot came last.
    const std::vector<ListedSnapshot> all{
        listed_snapshot("d", 1, now - 9 * day), listed_snapshot("d", 2, now + 9 * day),
        listed_snapshot("d", 3, now - 2 * day), internal_state(listed_snapshot("d", 4, now - day))};
    CHECK(leaving(planned(all, only_tagged)) == "d:1 d:4");
    // --keep-last counts by time; an internal snapshot counts for its own.
    CHECK(leaving(planned(all, last(2))) == "d:1");
    CHECK(leaving(planned(all, last(1))) == "d:1 d:4");
    // The newest of the whole disk counts, not of what is in the scope.
    std::vector<ListedSnapshot> mixed{in_group("g", listed_snapshot("d", 1, now - 3 * day)),
                                      in_group("g", listed_snapshot("d", 2, now - 2 * day)),
                                      listed_snapshot("d", 3, now - day)};
    CHECK(leaving(planned(mixed, only_tagged, {{}, {"g"}})) == "d:1 d:2");
    mixed.pop_back();
    CHECK(leaving(planned(mixed, only_tagged, {{}, {"g"}})) == "d:1");
}

TEST_CASE("retention plan: a disk or group that does not exist is an error with advice", "[engine][retention]") {
    const auto all = nights_of_a_machine();
    CHECK(refusal(all, {}) == "");
    CHECK(refusal(all, {{"web", "d*"}, {}}) == "");
    CHECK(refusal(all, {{}, {"web"}}) == "");
    CHECK_THAT(refusal(all, {{"web", "wob"}, {}}), ContainsSubstring("no disk or machine 'wob'; did you mean 'web'?"));
    CHECK_THAT(refusal(all, {{}, {"wep"}}), ContainsSubstring("of a group 'wep'; did you mean 'web'?"));
    CHECK_THAT(refusal({listed_snapshot("d", 1, 1)}, {{}, {"g"}}),
               ContainsSubstring("none of its snapshots was taken"));
    CHECK_THAT(refusal({}, {{"d"}, {}}), ContainsSubstring("it has no snapshots at all"));
    CHECK(refusal({}, {}) == "");
}

namespace {

/// Disks with and without groups, internal snapshots, clocks ahead, equal times, holds and tags.
std::vector<ListedSnapshot> random_snapshots(std::mt19937_64& random) {
    std::vector<ListedSnapshot> all;
    const std::uint64_t commits = random() % 30;
    TimeNs clock = now - static_cast<TimeNs>(random() % 900) * day;
    for (LogNumber commit = 1; commit <= commits; ++commit) {
        clock += static_cast<TimeNs>(random() % 60) * hour;
        const TimeNs time = random() % 8 == 0 ? clock + static_cast<TimeNs>(random() % 90) * day : clock;
        const std::string group = random() % 2 == 0 ? "g" : "";
        for (std::uint32_t position = 0; position <= random() % 3; ++position) {
            ListedSnapshot s = listed_snapshot("d" + std::to_string(position), commit, time, {}, position);
            s.record.group = group;
            if (random() % 6 == 0) s = internal_state(std::move(s));
            if (random() % 12 == 0) s.record.tags["hold"] = "";
            if (random() % 6 == 0) s.record.tags["keep"] = "1";
            all.push_back(std::move(s));
        }
    }
    return all;
}

std::uint64_t random_count(std::mt19937_64& random) { return random() % 3 == 0 ? random() % 9 : 0; }

RetentionRules random_rules(std::mt19937_64& random) {
    RetentionRules rules = last(random_count(random));
    for (const Period period : {Period::hour, Period::day, Period::week, Period::month, Period::year})
        rules.periods[period] = random_count(random);
    if (random() % 3 == 0) rules.within = CalendarSpan{.days = static_cast<int>(1 + random() % 60)};
    if (random() % 3 == 0 || rules.is_empty()) rules.tags = {{"keep", std::nullopt}};
    return rules;
}

/// Rules that ask for at least as much.
RetentionRules grown(RetentionRules rules, std::mt19937_64& random) {
    rules.last += random() % 3;
    for (auto& [period, count] : rules.periods) count += random() % 3;
    if (rules.within) rules.within->days += static_cast<int>(random() % 20);
    if (random() % 4 == 0) rules.tags.push_back({"keep", "1"});
    return rules;
}

std::set<SnapshotId> gone(const RetentionPlan& plan) {
    const auto ids = plan.leaving();
    return {ids.begin(), ids.end()};
}

/// `all` as a catalog lists it after `plan` was carried out.
std::vector<ListedSnapshot> remaining(std::vector<ListedSnapshot> all, const RetentionPlan& plan) {
    const std::set<SnapshotId> ids = gone(plan);
    std::erase_if(all, [&](const ListedSnapshot& s) { return ids.contains(s.record.id); });
    return all;
}

void require_newest_kept(const std::vector<ListedSnapshot>& all, const std::set<SnapshotId>& forgotten) {
    std::map<std::string, std::vector<ListedSnapshot>> by_disk;
    for (const ListedSnapshot& s : all) by_disk[s.record.disk].push_back(s);
    for (const auto& [disk, history] : by_disk) {
        const ListedSnapshot* newest = &history.front();
        const ListedSnapshot* latest = nullptr;
        for (const ListedSnapshot& s : history) {
            if (s.record.time >= newest->record.time) newest = &s;  // `all` is in the order of commits
            if (s.record.source.snapshot.empty()) latest = &s;
        }
        REQUIRE_FALSE(forgotten.contains(newest->record.id));
        REQUIRE_FALSE(forgotten.contains((latest == nullptr ? history.back() : *latest).record.id));
    }
}

void require_points_whole(const std::vector<ListedSnapshot>& all, const std::set<SnapshotId>& forgotten) {
    std::map<LogNumber, std::set<bool>> fates;
    for (const ListedSnapshot& s : all)
        if (!s.record.group.empty()) fates[s.commit].insert(forgotten.contains(s.record.id));
    for (const auto& [commit, fate] : fates) REQUIRE(fate.size() == 1);
}

}  // namespace

TEST_CASE(
    "retention plan: in random histories, the newest and what is on hold stay, more rules never drop more, and a "
    "second run drops nothing",
    "[engine][retention]") {
    const std::uint64_t seed = std::random_device()();
    std::printf("retention plan: seed %llu\n", static_cast<unsigned long long>(seed));
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const test::TimeZone zone(test::berlin);
    std::size_t dropped = 0;
    for (int round = 0; round < 1500; ++round) {
        CAPTURE(round);
        const std::vector<ListedSnapshot> all = random_snapshots(random);
        const RetentionScope scope = random() % 2 == 0 ? RetentionScope{} : RetentionScope{{}, {"g"}};
        const RetentionRules rules = random_rules(random);
        const RetentionPlan plan = planned(all, rules, scope);
        const std::set<SnapshotId> forgotten = gone(plan);
        dropped += forgotten.size();
        require_newest_kept(all, forgotten);
        for (const ListedSnapshot& s : all)
            if (s.record.tags.contains("hold")) REQUIRE_FALSE(forgotten.contains(s.record.id));
        if (!scope.groups.empty()) require_points_whole(all, forgotten);

        REQUIRE(std::ranges::includes(forgotten, gone(planned(all, grown(rules, random), scope))));
        REQUIRE(planned(remaining(all, plan), rules, scope).leaving().empty());
    }
    CHECK(dropped > 1000);
}
