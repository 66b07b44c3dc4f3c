#include "engine/naming/disk_name.h"

#include "engine/base/error.h"
#include "tests/catch.h"

using namespace varve;

TEST_CASE("disk name: parts of UTF-8 joined by '/' are accepted", "[engine][disk_name]") {
    for (const std::string& name :
         {std::string("web01"), std::string("web01/vda"), std::string("a b/c.d"), std::string("..."),
          std::string("Büro/Platte 1"), std::string("x-"), std::string(200, 'a'), std::string("~1")}) {
        CAPTURE(name);
        CHECK(disk_name_fault(name) == std::nullopt);
    }
}

TEST_CASE("disk name: ambiguous names and control characters are refused", "[engine][disk_name]") {
    for (const std::string& name :
         {std::string(), std::string(201, 'a'), std::string("/a"), std::string("a/"), std::string("a//b"),
          std::string("."), std::string("a/../b"), std::string("./a"), std::string("a@b"), std::string("-a"),
          std::string(" a"), std::string("a "), std::string("a\nb"), std::string("a\x1b[2J"), std::string("a\x7f"),
          std::string("a\xc2\x9b"), std::string("\xff"), std::string("a\0b", 3)}) {
        CAPTURE(name);
        CHECK(disk_name_fault(name) != std::nullopt);
    }
}

TEST_CASE("disk name: the refusal quotes the name", "[engine][disk_name]") {
    CHECK_THROWS_WITH(check_disk_name("a\nb"), ContainsSubstring("'a\nb' contains a control character"));
}
