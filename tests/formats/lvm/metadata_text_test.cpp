// The grammar of LVM's metadata text.

#include "formats/lvm/metadata_text.h"

#include <fmt/format.h>

#include "tests/catch.h"
#include "tests/formats/lvm/host_disks.h"

namespace varve::lvm_test {
namespace {

using lvm::parse_text;
using lvm::TextList;
using lvm::TextScalar;
using lvm::TextSection;

/// The value of the only entry of `text`.
template <typename T>
T value_of(const std::string& text) {
    const TextSection top = parse_text(text, "text");
    REQUIRE(top.entries.size() == 1);
    const lvm::TextEntry& entry = top.entries[0];
    if constexpr (std::is_same_v<T, TextList>)
        return *entry.list();
    else
        return std::get<T>(*entry.scalar());
}

std::string text_refusal(const std::string& text) {
    return refusal([&] { parse_text(text, "text on 'a.raw'"); });
}

std::string nested(int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += "s {";
    return text + std::string(static_cast<std::size_t>(depth), '}');
}

}  // namespace

TEST_CASE("lvm text: numbers, strings and lists have their values", "[lvm][text]") {
    CHECK(value_of<std::int64_t>("a = 5") == 5);
    CHECK(value_of<std::int64_t>("a=-1") == -1);
    CHECK(value_of<std::int64_t>("a=9223372036854775807") == std::numeric_limits<std::int64_t>::max());
    CHECK(value_of<double>("a = 1.5") == 1.5);
    CHECK(value_of<std::string>("a = \"\"").empty());
    CHECK(value_of<std::string>(R"(a = "x \"y\" \\ \n # {")") == "x \"y\" \\ \\n # {");
    CHECK(value_of<std::string>("a = \"two\nlines\"") == "two\nlines");
    CHECK(value_of<TextList>("a = []").empty());
    CHECK(value_of<TextList>("a = [\n\t\"pv0\", 5,\"pv1\" ,0 ]") ==
          TextList{std::string("pv0"), std::int64_t{5}, std::string("pv1"), std::int64_t{0}});
}

TEST_CASE("lvm text: sections keep the order and the lines of their entries", "[lvm][text]") {
    const TextSection top =
        parse_text("# all\nvg-lin.a {\n id = \"x\" # id\n\n sub { n = 1 }\n+_.-0 = 2}\nlast=3", "text");
    REQUIRE(top.entries.size() == 2);
    CHECK(top.entries[0].name == "vg-lin.a");
    CHECK(top.entries[1].line == 7);
    const TextSection& group = *top.entries[0].section();
    REQUIRE(group.entries.size() == 3);
    CHECK(group.entries[0].line == 3);
    CHECK(group.entries[1].line == 5);
    CHECK(group.entries[2].name == "+_.-0");
    REQUIRE(group.find("sub") != nullptr);
    CHECK(group.find("sub")->section()->entries.size() == 1);
    CHECK(group.find("n") == nullptr);
    CHECK(parse_text(" \n# nothing", "text").entries.empty());
}

TEST_CASE("lvm text: a violation of the grammar is reported with its line", "[lvm][text]") {
    CHECK(
        text_refusal("a = 1\nb {\n c = 2\n") ==
        "text on 'a.raw', line 4: expected the '}' of section 'b', which begins in line 2, found the end of the text");
    CHECK(text_refusal("a = 1\n}") == "text on 'a.raw', line 2: a '}' without a section");
    CHECK(text_refusal("a") == "text on 'a.raw', line 1: expected '=' or '{' after 'a', found the end of the text");
    CHECK(text_refusal("a b") == "text on 'a.raw', line 1: expected '=' or '{' after 'a', found 'b'");
    CHECK(text_refusal("a =\n") ==
          "text on 'a.raw', line 2: expected a number, a string or a list, found the end of the text");
    CHECK(text_refusal("a = b") == "text on 'a.raw', line 1: expected a number, a string or a list, found 'b'");
    CHECK(text_refusal("= 1") == "text on 'a.raw', line 1: expected a name, found '= 1'");
    CHECK(text_refusal("a = \"x\n") == "text on 'a.raw', line 2: the string that begins in line 1 has no end");
    CHECK(text_refusal("a = \"x\\\"") == "text on 'a.raw', line 1: the string that begins in line 1 has no end");
    CHECK(text_refusal("a = [1 2]") == "text on 'a.raw', line 1: expected ',' or ']' in a list, found '2]'");
    CHECK(text_refusal("a = [1,]") == "text on 'a.raw', line 1: expected a number, a string or a list, found ']'");
    CHECK(text_refusal("a = [[1]]") == "text on 'a.raw', line 1: expected a number, a string or a list, found '[1]]'");
    CHECK(text_refusal("a = 9223372036854775808") ==
          "text on 'a.raw', line 1: expected a 64-bit decimal number, found '9223372036854775808'");
    for (const std::string number : {"1x", "--1", "+1", "1.2.3", "1e", "0x10", "-", "."}) {
        CAPTURE(number);
        CHECK_THAT(text_refusal("a = " + number), ContainsSubstring("line 1: expected"));
    }
    CHECK(text_refusal("a = 1\nb = 2\na = 3\nc = 4") == "text on 'a.raw', line 3: duplicate 'a', first in line 1");
    CHECK(text_refusal("a { x = 1 }\na { }") == "text on 'a.raw', line 2: duplicate 'a', first in line 1");
    CHECK_THAT(text_refusal(std::string("a = 1\0b = 2", 11)),
               ContainsSubstring("line 1: expected a name, found '\\x00b = 2'"));
    CHECK_THAT(text_refusal("a = \x1b[31m"), ContainsSubstring("found '\\x1b[31m'"));
}

TEST_CASE("lvm text: sections may be nested as deep as LVM nests them, but not arbitrarily", "[lvm][text]") {
    CHECK(text_refusal(nested(16)).empty());
    CHECK_THAT(text_refusal(nested(17)), ContainsSubstring("sections are nested deeper than 16"));
    CHECK_THAT(text_refusal(nested(1000000)), ContainsSubstring("sections are nested deeper than 16"));
}

TEST_CASE("lvm text: hostile texts take proportional time and limited memory", "[lvm][text]") {
    std::string many;
    for (int i = 0; i < 300000; ++i) many += fmt::format("k{}=1\n", i);
    CHECK(parse_text(many, "text").entries.size() == 300000);
    CHECK_THAT(text_refusal(many + "k7=1"), ContainsSubstring("duplicate 'k7', first in line 8"));
    std::string list = "a=[1";
    for (int i = 0; i < (4 << 20); ++i) list += ",1";
    CHECK_THAT(text_refusal(list + "]"), ContainsSubstring("the text has more than 4194304 values"));
    std::string empty_lists;
    for (int i = 0; i < (4 << 20) + 1; ++i) empty_lists += "a=[]\n";
    CHECK_THAT(text_refusal(empty_lists), ContainsSubstring("line 4194305: the text has more than 4194304 values"));
    CHECK(text_refusal(std::string(1 << 22, '\n')).empty());
    CHECK_THAT(text_refusal("a = \"" + std::string(1 << 22, '\\')), ContainsSubstring("has no end"));
}

}  // namespace varve::lvm_test
