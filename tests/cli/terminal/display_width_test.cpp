#include "cli/terminal/display_width.h"

#include "tests/catch.h"

using namespace varve;

TEST_CASE("display width: East Asian characters and emoji take two columns, combining marks none", "[cli]") {
    CHECK(display_columns("") == 0);
    CHECK(display_columns("web01") == 5);
    CHECK(display_columns("Büro") == 4);
    CHECK(display_columns("サーバ") == 6);
    CHECK(display_columns("服务器01") == 8);
    CHECK(display_columns("🚀") == 2);
    CHECK(display_columns("e\xcc\x81") == 1);
    CHECK(display_columns("a\xff") == 2);
}

TEST_CASE("display width: a text is cut between characters", "[cli]") {
    CHECK(shortened("web01/vda", 9) == "web01/vda");
    CHECK(shortened("web01/vda", 5) == "web0…");
    CHECK(shortened("サーバ", 6) == "サーバ");
    CHECK(shortened("サーバ", 5) == "サー…");
    CHECK(shortened("サーバ", 4) == "サ…");
    CHECK(shortened("abc", 1) == "…");
    CHECK(shortened("abc", 0).empty());
}
