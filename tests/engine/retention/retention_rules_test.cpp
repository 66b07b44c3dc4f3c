#include "engine/retention/retention_rules.h"

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>

#include "tests/catch.h"
#include "tests/fakes/listed_snapshots.h"
#include "tests/support/time_zone.h"

using namespace varve;
using test::TimeZone;

namespace {

constexpr TimeNs far_future = 9'000'000'000 * ns_per_second;

RetentionUnit unit_at(LogNumber commit, TimeNs time, std::map<std::string, std::string> tags = {}) {
    return {{fakes::listed_snapshot("d", commit, time, std::move(tags))}, {}};
}

/// Units of these times, in the order of the text and committed in it.
std::vector<RetentionUnit> units_at(const std::vector<std::string>& times) {
    std::vector<RetentionUnit> units;
    units.reserve(times.size());
    for (const std::string& time : times) units.push_back(unit_at(units.size() + 1, parse_time(time)));
    return units;
}

/// For each unit why it is kept, e.g. "last daily", or "-".
std::vector<std::string> applied(std::vector<RetentionUnit> units, const RetentionRules& rules,
                                 TimeNs now = far_future) {
    apply_rules(units, rules, now);
    std::vector<std::string> out;
    for (const RetentionUnit& unit : units) {
        std::string reasons;
        for (const KeepReason reason : unit.kept_by)
            reasons += (reasons.empty() ? "" : " ") + std::string(to_text(reason));
        out.push_back(reasons.empty() ? "-" : reasons);
    }
    return out;
}

RetentionRules rule(Period period, std::uint64_t count) {
    RetentionRules rules;
    rules.periods[period] = count;
    return rules;
}

RetentionRules within(const CalendarSpan& span) {
    RetentionRules rules;
    rules.within = span;
    return rules;
}

using Reasons = std::vector<std::string>;

}  // namespace

TEST_CASE("retention rules: each period keeps its newest, and periods without a snapshot do not count",
          "[engine][retention]") {
    const TimeZone zone("UTC");
    const auto units = units_at({"2026-11-01T02:00", "2026-11-17T02:00", "2026-11-17T23:59:59", "2026-11-18T00:00",
                                 "2026-11-20T02:00", "2026-11-20T03:00"});
    CHECK(applied(units, rule(Period::day, 1)) == Reasons{"-", "-", "-", "-", "-", "daily"});
    CHECK(applied(units, rule(Period::day, 2)) == Reasons{"-", "-", "-", "daily", "-", "daily"});
    CHECK(applied(units, rule(Period::day, 3)) == Reasons{"-", "-", "daily", "daily", "-", "daily"});
    CHECK(applied(units, rule(Period::day, 4)) == Reasons{"daily", "-", "daily", "daily", "-", "daily"});
    CHECK(applied(units, rule(Period::week, 2)) == Reasons{"weekly", "-", "-", "-", "-", "weekly"});
    CHECK(applied(units, rule(Period::hour, 2)) == Reasons{"-", "-", "-", "-", "hourly", "hourly"});
}

TEST_CASE("retention rules: a rule that is not used up keeps the oldest snapshot as well", "[engine][retention]") {
    const TimeZone zone("UTC");
    const auto units = units_at({"2026-11-01T02:00", "2026-11-02T02:00", "2026-11-03T02:00"});
    CHECK(applied(units, rule(Period::month, 2)) == Reasons{"oldest", "-", "monthly"});
    CHECK(applied(units, rule(Period::month, 1)) == Reasons{"-", "-", "monthly"});
    CHECK(applied(units, rule(Period::day, keep_all)) == Reasons{"daily", "daily", "daily"});
    CHECK(applied(units_at({"2026-11-01T02:00"}), rule(Period::month, 2)) == Reasons{"monthly"});
}

TEST_CASE("retention rules: what any rule marks stays, with all its reasons", "[engine][retention]") {
    const TimeZone zone("UTC");
    auto units = units_at({"2026-11-17T02:00", "2026-11-18T02:00", "2026-11-19T02:00", "2026-11-20T02:00"});
    units[0].members[0].record.tags = {{"hold", ""}, {"keep", "1"}};
    units[1].members[0].record.tags = {{"keep", "2"}};
    RetentionRules rules = rule(Period::day, 1);
    rules.last = 2;
    rules.tags = {{"keep", "1"}, {"other", std::nullopt}};
    CHECK(applied(units, rules) == Reasons{"tag hold", "-", "last", "last daily"});
    rules.tags = {{"keep", std::nullopt}};
    CHECK(applied(units, rules) == Reasons{"tag hold", "tag", "last", "last daily"});
    rules.last = 100;
    CHECK(applied(units, rules) == Reasons{"last tag hold", "last tag", "last", "last daily"});
}

TEST_CASE("retention rules: of equal times the later commit is the newest", "[engine][retention]") {
    const std::vector<RetentionUnit> units{unit_at(1, 50), unit_at(2, 50), unit_at(3, 50)};
    RetentionRules rules = rule(Period::day, 1);
    CHECK(applied(units, rules) == Reasons{"-", "-", "daily"});
    rules.last = 2;
    CHECK(applied(units, rules) == Reasons{"-", "last", "last daily"});
}

TEST_CASE("retention rules: --keep-within counts from the newest snapshot that is not ahead of the clock",
          "[engine][retention]") {
    const TimeZone zone("UTC");
    const auto units = units_at(
        {"2026-10-20T02:00", "2026-10-21T02:00", "2026-10-21T02:00:01", "2026-11-20T02:00", "2027-06-01T02:00"});
    const CalendarSpan span{.days = 30};
    CHECK(applied(units, within(span), parse_time("2026-12-01")) == Reasons{"-", "-", "within", "within", "within"});
    CHECK(applied(units, within(span), parse_time("2027-12-01")) == Reasons{"-", "-", "-", "-", "within"});
    CHECK(applied(units, within(span), parse_time("2026-11-20T02:00Z")) ==
          Reasons{"-", "-", "within", "within", "within"});
    // If all are ahead, the clock is wrong, and nothing is old.
    CHECK(applied(units, within(span), parse_time("2020-01-01")) ==
          Reasons{"within", "within", "within", "within", "within"});
}

TEST_CASE("retention rules: a snapshot ahead of the clock counts for its own period", "[engine][retention]") {
    const TimeZone zone("UTC");
    const auto units = units_at({"2026-11-19T02:00", "2026-11-20T02:00", "2027-06-01T02:00"});
    CHECK(applied(units, rule(Period::day, 2), parse_time("2026-11-20")) == Reasons{"-", "daily", "daily"});
}

TEST_CASE("retention rules: nights are days of the local calendar across a clock change", "[engine][retention]") {
    const TimeZone zone(test::berlin);
    // At half past midnight and at a quarter to, by local time: one each on 24, 25 and 26 October.
    const auto units = units_at(
        {"2026-10-23T22:30Z", "2026-10-24T21:45Z", "2026-10-24T22:30Z", "2026-10-25T22:45Z", "2026-10-25T23:30Z"});
    CHECK(applied(units, rule(Period::day, 3)) == Reasons{"-", "daily", "-", "daily", "daily"});
    const auto hours = units_at({"2026-10-24T23:59Z", "2026-10-25T00:10Z", "2026-10-25T01:10Z", "2026-10-25T02:10Z"});
    CHECK(applied(hours, rule(Period::hour, 3)) == Reasons{"hourly", "-", "hourly", "hourly"});
}

TEST_CASE("retention rules: a period that the clock shows again later still keeps one snapshot",
          "[engine][retention]") {
    const TimeZone zone(test::two_hours_at_once);
    // 01:30, 02:30, and after the change again 01:30, 02:30.
    const auto units = units_at({"2026-10-24T23:30Z", "2026-10-25T00:30Z", "2026-10-25T01:30Z", "2026-10-25T02:30Z"});
    CHECK(applied(units, rule(Period::hour, 2)) == Reasons{"-", "-", "hourly", "hourly"});
    CHECK(applied(units, rule(Period::hour, 3)) == Reasons{"oldest", "-", "hourly", "hourly"});
    CHECK(applied({units.begin(), units.begin() + 3}, rule(Period::hour, 2)) == Reasons{"-", "hourly", "hourly"});
}

TEST_CASE("retention rules: an empty history and rules of 0 mark nothing", "[engine][retention]") {
    CHECK(applied({}, rule(Period::day, 3)).empty());
    CHECK(applied({}, within({.days = 1})).empty());
    CHECK(applied({unit_at(1, 5)}, rule(Period::day, 0)) == Reasons{"-"});
    CHECK(RetentionRules().is_empty());
    CHECK(rule(Period::day, 0).is_empty());
    CHECK_FALSE(rule(Period::day, 1).is_empty());
    CHECK_FALSE(within({.hours = 1}).is_empty());
}

TEST_CASE("retention rules: a group's point counts for the time of its newest disk, and any disk's tag keeps it",
          "[engine][retention]") {
    RetentionUnit point = unit_at(1, 50);
    point.members.push_back(fakes::listed_snapshot("e", 1, 90, {{"hold", "x"}}, 1));
    CHECK(point.time() == 90);
    RetentionRules rules;
    rules.last = 1;
    CHECK(applied({point, unit_at(2, 95)}, rules) == Reasons{"hold", "last"});
}

namespace {

std::string strftime_of(const char* format, TimeNs time) {
    const std::time_t seconds = time / ns_per_second;
    std::tm tm{};
    ::localtime_r(&seconds, &tm);
    char text[64];
    text[std::strftime(text, sizeof text, format, &tm)] = '\0';
    return text;
}

/// What the rule keeps according to the sentence in the help, with the C library's names of periods.
std::set<std::size_t> kept_by_definition(const std::vector<RetentionUnit>& units, const char* format,
                                         std::uint64_t count) {
    std::map<std::string, std::size_t> newest_of;  // the last one wins
    for (std::size_t i = 0; i < units.size(); ++i) newest_of[strftime_of(format, units[i].time())] = i;
    std::vector<std::size_t> newest;
    newest.reserve(newest_of.size());
    for (const auto& [name, index] : newest_of) newest.push_back(index);
    std::ranges::sort(newest, std::greater());
    if (newest.size() < count && !units.empty()) newest.push_back(0);
    if (newest.size() > count) newest.resize(count);
    return {newest.begin(), newest.end()};
}

std::set<std::size_t> kept(const std::vector<RetentionUnit>& units) {
    std::set<std::size_t> indexes;
    for (std::size_t i = 0; i < units.size(); ++i)
        if (!units[i].kept_by.empty()) indexes.insert(i);
    return indexes;
}

/// Every second one is around a change of a clock.
std::vector<RetentionUnit> random_history(std::mt19937_64& random) {
    const std::int64_t begin = parse_time("2026-01-01T00:00Z") / ns_per_second;
    const std::int64_t changes[] = {parse_time("2026-03-21T22:00Z") / ns_per_second,
                                    parse_time("2026-10-24T21:00Z") / ns_per_second};
    const std::int64_t spans[] = {3'600 * 8, 86'400 * 4, 86'400 * 40, 86'400 * 800};
    const std::uint64_t kind = random() % 8;
    const std::int64_t span = spans[kind < 4 ? 0 : kind - 4];
    const std::int64_t start =
        kind < 4 ? changes[random() % 2] : begin + static_cast<std::int64_t>(random() % (86'400 * 1000));
    std::vector<TimeNs> times(random() % 40);
    for (TimeNs& time : times)
        time = (start + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(span))) * ns_per_second;
    std::ranges::sort(times);
    std::vector<RetentionUnit> units;
    units.reserve(times.size());
    for (const TimeNs time : times) units.push_back(unit_at(units.size() + 1, time));
    return units;
}

}  // namespace

TEST_CASE("retention rules: each rule keeps what its definition states, in random histories and zones",
          "[engine][retention]") {
    const std::pair<Period, const char*> names[] = {{Period::hour, "%Y-%m-%d %H"},
                                                    {Period::day, "%Y-%m-%d"},
                                                    {Period::week, "%G-%V"},
                                                    {Period::month, "%Y-%m"},
                                                    {Period::year, "%Y"}};
    const std::uint64_t seed = std::random_device()();
    std::printf("retention rules: seed %llu\n", static_cast<unsigned long long>(seed));
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    for (const char* tz : {"UTC", test::berlin, test::midnight_changes, test::two_hours_at_once, "NST3:30"}) {
        const TimeZone zone(tz);
        for (int round = 0; round < 400; ++round) {
            std::vector<RetentionUnit> units = random_history(random);
            const auto& [period, format] = names[random() % 5];
            const std::uint64_t count = 1 + random() % 12;
            apply_rules(units, rule(period, count), far_future);
            if (kept(units) != kept_by_definition(units, format, count)) {
                CAPTURE(tz, round, format, count);
                REQUIRE(kept(units) == kept_by_definition(units, format, count));
            }
        }
    }
}
