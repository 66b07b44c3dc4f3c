#include "engine/naming/nearest_word.h"

#include <vector>

#include "tests/catch.h"

using namespace varve;

TEST_CASE("nearest word: a typing error is understood, another word is not", "[engine][nearest_word]") {
    const std::vector<std::string> verbs{"init", "backup", "list", "show", "restore", "diff", "verify", "rebuild"};
    CHECK(nearest_word("bakcup", verbs) == "backup");
    CHECK(nearest_word("lst", verbs) == "list");
    CHECK(nearest_word("restor", verbs) == "restore");
    CHECK(nearest_word("verfiy", verbs) == "verify");
    CHECK(nearest_word("re", verbs) == "restore");
    CHECK(nearest_word("frobnicate", verbs) == std::nullopt);
    CHECK(nearest_word("", verbs) == std::nullopt);
    CHECK(nearest_word(std::string(100000, 'x'), verbs) == std::nullopt);
}
