#include "cli/terminal/progress_bar.h"

#include "tests/catch.h"

using namespace varve;

TEST_CASE("progress line: share, amounts, rate and time left", "[cli]") {
    CHECK(progress_line("reading", mib(25), mib(100), 2, 120) ==
          "reading  [######..................]   25 %  25.0 MiB of 100.0 MiB  12.5 MiB/s  6.0 s left");
    CHECK(progress_line("reading", mib(100), mib(100), 8, 120) ==
          "reading  [########################]  100 %  100.0 MiB of 100.0 MiB  12.5 MiB/s  0.0 s left");
}

TEST_CASE("progress line: a narrow terminal gets no bar and never a second line", "[cli]") {
    CHECK(progress_line("reading", mib(25), mib(100), 2, 70) ==
          "reading   25 %  25.0 MiB of 100.0 MiB  12.5 MiB/s  6.0 s left");
    for (std::size_t columns = 1; columns < 120; ++columns)
        CHECK(progress_line("reading", mib(25), mib(100), 2, columns).size() < columns);
}

TEST_CASE("progress line: an unknown total and odd figures do no harm", "[cli]") {
    CHECK(progress_line("reading", mib(3), {0}, 2, 80) == "reading  3.0 MiB  1.5 MiB/s");
    CHECK(progress_line("reading", {0}, mib(1), 0, 120) ==
          "reading  [........................]    0 %  0 B of 1.0 MiB  0 B/s");
    CHECK(progress_line("reading", mib(5), mib(1), 1, 120).find("100 %") != std::string::npos);
}
