#include "cli/options/percentage.h"

#include "engine/base/error.h"
#include "tests/catch.h"

using namespace varve;

TEST_CASE("percentage: more than 0 and at most 100, with up to three decimal places and the sign", "[cli]") {
    CHECK(parse_percentage("5%", "--sample") == 0.05);
    CHECK(parse_percentage("100%", "--sample") == 1.0);
    CHECK(parse_percentage("0.25%", "--sample") == 0.0025);
    CHECK(parse_percentage("12.5%", "--sample") == 0.125);
    CHECK(parse_percentage("0.001%", "--sample") == 0.00001);
}

TEST_CASE("percentage: anything else is wrong usage", "[cli]") {
    for (const char* text : {"", "%", "5", "0%", "0.000%", "100.001%", "101%", "-5%", "+5%", " 5%", "5 %", "5%%", ".5%",
                             "5.%", "1.2345%", "1,5%", "1e1%", "99999%", "nan%"}) {
        CAPTURE(text);
        try {
            parse_percentage(text, "--sample");
            FAIL("it was taken");
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::usage);
            CHECK_THAT(error.what(), ContainsSubstring("--sample: '"));
        }
    }
}
