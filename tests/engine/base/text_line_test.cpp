#include "engine/base/text_line.h"

#include <array>
#include <vector>

#include "engine/base/error.h"
#include "tests/catch.h"

using namespace varve;

namespace {

void read_pairs(std::string_view text) {
    for_each_line(text, "title", "file", [](TextLine& line) {
        std::array<std::byte, 2> bytes{};
        line.hex(bytes, "a pair");
        line.number(99);
    });
}

}  // namespace

TEST_CASE("text line: words, hex digits and numbers are read line by line after the title", "[engine]") {
    std::vector<std::string> words;
    std::vector<std::uint64_t> numbers;
    for_each_line("title\none 1\ntwo 99", "title", "file", [&](TextLine& line) {
        words.emplace_back(line.word());
        numbers.push_back(line.number(99));
    });
    CHECK(words == std::vector<std::string>{"one", "two"});
    CHECK(numbers == std::vector<std::uint64_t>{1, 99});
    read_pairs("title\n00ff 7\n");
    read_pairs("title\n");
    read_pairs("title");
}

TEST_CASE("text line: what is not as expected is refused with file and line", "[engine]") {
    CHECK_THROWS_WITH(read_pairs(""), "'file', line 1: expected 'title'");
    CHECK_THROWS_WITH(read_pairs("titles\n00ff 7\n"), "'file', line 1: expected 'title'");
    CHECK_THROWS_WITH(read_pairs("title\n00ff 7\n00f 7\n"), "'file', line 3: expected the 4 hex digits of a pair");
    CHECK_THROWS_WITH(read_pairs("title\n00ff 100\n"), "'file', line 2: expected a number up to 99");
    CHECK_THROWS_WITH(read_pairs("title\n00ff\n"), "'file', line 2: expected a number up to 99");
    CHECK_THROWS_WITH(read_pairs("title\n00ff 7 8\n"), "'file', line 2: expected the end of the line");
    CHECK_THROWS_WITH(read_pairs("title\n\n"), "'file', line 2: expected the 4 hex digits of a pair");
}
