#include "cli/options/retention_options.h"

#include "engine/base/error.h"
#include "tests/catch.h"

using namespace varve;

namespace {

Arguments retention_arguments(const std::vector<std::string>& words) {
    return {"forget", {0, operands_unlimited, UsesRepository::no, retention_specs()}, words};
}

RetentionRules rules_of(const std::vector<std::string>& words) { return retention_rules(retention_arguments(words)); }

CalendarSpan span(const char* text) { return parse_calendar_span(text, "--keep-within"); }

}  // namespace

TEST_CASE("retention options: every rule is read, and 0 is none", "[cli]") {
    const RetentionRules rules =
        rules_of({"--keep-last", "1", "--keep-hourly", "2", "--keep-daily", "3", "--keep-weekly", "4", "--keep-monthly",
                  "5", "--keep-yearly", "unlimited", "--keep-within", "30d", "--keep-tag", "a", "--keep-tag", "b=c=d"});
    CHECK(rules.last == 1);
    CHECK(rules.periods ==
          std::map<Period, std::uint64_t>{
              {Period::hour, 2}, {Period::day, 3}, {Period::week, 4}, {Period::month, 5}, {Period::year, keep_all}});
    CHECK(rules.within == CalendarSpan{.days = 30});
    CHECK(rules.tags == std::vector<WantedTag>{{"a", std::nullopt}, {"b", "c=d"}});
    CHECK(rules_of({"--keep-last", "0", "--keep-daily", "7"}).last == 0);
    CHECK(rules_of({"--keep-hourly", "0", "--keep-daily", "7"}).periods.size() == 1);
    CHECK_THROWS_WITH(rules_of({"--keep-last", "0"}), ContainsSubstring("no rule states what to keep"));
    CHECK_THROWS_WITH(rules_of({"--disk", "a"}), ContainsSubstring("no rule states what to keep"));
    CHECK_THROWS_WITH(rules_of({"--keep-last", "-1"}), ContainsSubstring("--keep-last"));
    CHECK_THROWS_WITH(rules_of({"--keep-last", "7x"}), ContainsSubstring("'7x' is not a number of snapshots"));
}

TEST_CASE("retention options: any of them is noticed", "[cli]") {
    CHECK_FALSE(has_retention_options(retention_arguments({"a@latest"})));
    CHECK(has_retention_options(retention_arguments({"--disk", "a"})));
    CHECK(has_retention_options(retention_arguments({"--keep-tag", "a"})));
    CHECK_THROWS_WITH(retention_scope(retention_arguments({"--disk", "a", "--group", "b"})),
                      ContainsSubstring("cannot be combined"));
    CHECK(retention_scope(retention_arguments({"--disk", "a", "--disk", "b*"})).disks.size() == 2);
    CHECK(retention_scope(retention_arguments({"--group", "a", "--group", "b"})).groups.size() == 2);
}

TEST_CASE("retention options: a length of time is numbers with units, each at most once", "[cli]") {
    CHECK(span("6h") == CalendarSpan{.hours = 6});
    CHECK(span("2w") == CalendarSpan{.weeks = 2});
    CHECK(span("3m") == CalendarSpan{.months = 3});
    CHECK(span("1y6m2w10d9999h") == CalendarSpan{.years = 1, .months = 6, .weeks = 2, .days = 10, .hours = 9999});
    CHECK(span("5d1y") == CalendarSpan{.years = 1, .days = 5});
    CHECK_THROWS_WITH(span(""), ContainsSubstring("it is empty"));
    CHECK_THROWS_WITH(span("30"), ContainsSubstring("no unit at its end"));
    CHECK_THROWS_WITH(span("1d30"), ContainsSubstring("no unit at its end"));
    CHECK_THROWS_WITH(span("d"), ContainsSubstring("expected a number from 1 to 9999 before 'd'"));
    CHECK_THROWS_WITH(span("0d"), ContainsSubstring("expected a number from 1"));
    CHECK_THROWS_WITH(span("10000d"), ContainsSubstring("expected a number from 1"));
    CHECK_THROWS_WITH(span("99999999999999999999d"), ContainsSubstring("expected a number from 1"));
    CHECK_THROWS_WITH(span("-1d"), ContainsSubstring("before '-'"));
    CHECK_THROWS_WITH(span("1M"), ContainsSubstring("'M' is not a unit"));
    CHECK_THROWS_WITH(span("1d2d"), ContainsSubstring("the unit 'd' twice"));
}
