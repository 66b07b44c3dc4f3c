#include "cli/terminal/human_size.h"

#include "tests/catch.h"

using namespace varve;

TEST_CASE("human size: binary units with one digit after the point", "[cli]") {
    CHECK(human_size({0}) == "0 B");
    CHECK(human_size({1023}) == "1023 B");
    CHECK(human_size({1024}) == "1.0 KiB");
    CHECK(human_size({1536}) == "1.5 KiB");
    CHECK(human_size(mib(64)) == "64.0 MiB");
    CHECK(human_size({(1ull << 30) - 1}) == "1.0 GiB");
    CHECK(human_size({~0ull}) == "16.0 EiB");
}

TEST_CASE("human size: durations and counts as people read them", "[cli]") {
    CHECK(human_seconds(0.04) == "0.0 s");
    CHECK(human_seconds(59.9) == "59.9 s");
    CHECK(human_seconds(59.96) == "1:00 min");
    CHECK(human_seconds(187) == "3:07 min");
    CHECK(human_seconds(7509) == "2:05:09 h");
    CHECK(counted(1, "chunk") == "1 chunk");
    CHECK(counted(0, "chunk") == "0 chunks");
    CHECK(counted(1234567, "chunk") == "1,234,567 chunks");
    CHECK(counted(123, "chunk") == "123 chunks");
    CHECK(human_count(0) == "0");
    CHECK(human_count(33'600) == "33,600");
}
