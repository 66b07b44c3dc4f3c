#include "engine/repository/verify_times.h"

#include "engine/base/error.h"
#include "tests/catch.h"

using namespace varve;

TEST_CASE("verify times: they are read back, and packs that are gone are left out", "[engine][verify]") {
    const PackId first = PackId::make();
    const PackId second = PackId::make();
    VerifyTimes times;
    REQUIRE(times.of(first) == 0);
    times.replace({}, {first, second}, 7 * ns_per_second);
    times.replace({second}, {first}, 9 * ns_per_second);
    REQUIRE(times.of(first) == 9 * ns_per_second);
    REQUIRE(times.packs.size() == 1);
    REQUIRE(parse_verify_times(encode(times), "file") == times);
    REQUIRE(parse_verify_times(encode(VerifyTimes{}), "file").packs.empty());
}

TEST_CASE("verify times: what was verified last is the newest, whatever the clock shows", "[engine][verify]") {
    const PackId first = PackId::make();
    const PackId second = PackId::make();
    const PackId third = PackId::make();
    VerifyTimes times;
    times.replace({}, {first}, 9 * ns_per_second);
    times.replace({}, {second}, 9 * ns_per_second);  // a coarse clock
    times.replace({}, {third}, 3 * ns_per_second);   // one that was set back
    REQUIRE(times.of(first) < times.of(second));
    REQUIRE(times.of(second) < times.of(third));
    REQUIRE(parse_verify_times(encode(times), "file") == times);
}

TEST_CASE("verify times: a damaged file is refused with the line", "[engine][verify]") {
    VerifyTimes times;
    times.replace({}, {PackId::make()}, 7 * ns_per_second);
    const std::string good = encode(times);
    for (const std::string& bad :
         {std::string(), std::string("another title\n"), good + "x\n", good + good.substr(good.find('\n') + 1, 20),
          good.substr(0, good.size() - 1) + " 1\n", good.substr(0, good.size() - 2) + "-1\n",
          good.substr(0, good.size() - 1) + "99999999999999\n"}) {
        CAPTURE(bad);
        REQUIRE_THROWS_WITH(parse_verify_times(bad, "file"), ContainsSubstring("'file', line "));
    }
}
