#include "cli/terminal/progress_bar.h"

#include <algorithm>

#include "cli/terminal/display_width.h"
#include "tests/catch.h"

using namespace varve;

TEST_CASE("progress line: share, amounts, rate and time left", "[cli]") {
    CHECK(progress_line("reading", mib(25), mib(100), 2, 120) ==
          "reading  [######..................]   25 %  25.0 MiB of 100.0 MiB  12.5 MiB/s  6.0 s left");
    CHECK(progress_line("reading", mib(100), mib(100), 8, 120) ==
          "reading  [########################]  100 %  100.0 MiB of 100.0 MiB  12.5 MiB/s  0.0 s left");
}

TEST_CASE("progress line: in a narrow terminal the amounts go first, and the bar shrinks", "[cli]") {
    CHECK(progress_line("reading", mib(25), mib(100), 2, 80) ==
          "reading  [###...........]   25 %  25.0 MiB of 100.0 MiB  12.5 MiB/s  6.0 s left");
    CHECK(progress_line("reading", mib(25), mib(100), 2, 60) ==
          "reading  [####.............]   25 %  12.5 MiB/s  6.0 s left");
    CHECK(progress_line("reading", mib(25), mib(100), 2, 40) == "reading  [##.......]   25 %  6.0 s left");
    CHECK(progress_line("reading", mib(25), mib(100), 2, 10) == "reading …");
}

TEST_CASE("progress line: it never fills the terminal, and has a bar from 40 columns on", "[cli]") {
    for (std::size_t columns = 1; columns < 120; ++columns)
        for (const char* phase : {"reading", "reading web01/vda (2 of 3)", "reading サーバ/vda (12 of 345) and more"}) {
            const std::string line = progress_line(phase, mib(25), mib(100), 2, columns);
            CAPTURE(columns, line);
            CHECK(display_columns(line) < std::max<std::size_t>(columns, 1));
            CHECK((columns < 40 || line.find("[#") != line.npos));
            CHECK((columns < 40 || line.find("25 %") != line.npos));
        }
}

TEST_CASE("progress line: an unknown total and odd figures do no harm", "[cli]") {
    CHECK(progress_line("reading", mib(3), {0}, 2, 80) == "reading  3.0 MiB  1.5 MiB/s");
    CHECK(progress_line("reading", {0}, mib(1), 0, 120) ==
          "reading  [........................]    0 %  0 B of 1.0 MiB  0 B/s");
    CHECK(progress_line("reading", mib(5), mib(1), 1, 120).find("100 %") != std::string::npos);
}
