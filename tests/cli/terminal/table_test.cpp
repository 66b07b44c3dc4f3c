#include "cli/terminal/table.h"

#include "tests/catch.h"

using namespace varve;

TEST_CASE("table: columns are as wide as their widest cell, lines end without blanks", "[cli]") {
    Table table({{"DISK"}, {"SIZE", Table::Align::right}, {"TAGS"}});
    table.add({"web01/vda", "1.0 GiB", ""});
    table.add({"Büro", "512 B", "a=1"});
    CHECK(table.text() ==
          "DISK          SIZE  TAGS\n"
          "web01/vda  1.0 GiB\n"
          "Büro         512 B  a=1\n");
}
