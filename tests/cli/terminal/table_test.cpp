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

TEST_CASE("table: columns that may shrink are cut to fit, the widest first", "[cli]") {
    Table table({{"ID"}, {"DISK", Table::Align::left, true}, {"TAGS", Table::Align::left, true}});
    table.add({"1", "machine/vda", "owner=someone"});
    table.add({"2", "db", ""});
    CHECK(table.text(24) ==
          "ID  DISK       TAGS\n"
          "1   machine/…  owner=so…\n"
          "2   db\n");
    CHECK(table.text(0) == "ID  DISK  TAGS\n1   mac…  own…\n2   db\n");
}

TEST_CASE("table: columns stay aligned under wide characters", "[cli]") {
    Table table({{"DISK"}, {"SIZE"}});
    table.add({"サーバ", "1 B"});
    table.add({"web01/vda", "2 B"});
    CHECK(table.text() ==
          "DISK       SIZE\n"
          "サーバ     1 B\n"
          "web01/vda  2 B\n");
}
