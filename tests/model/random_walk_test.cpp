#include "tests/model/random_walk.h"

#include <cstdlib>
#include <iostream>

#include "tests/catch.h"
#include "tests/support/long_test.h"

namespace varve::model {
namespace {

/// A number from the environment: VARVE_WALKS is how many walks are taken, VARVE_WALK_SEED the number of the first.
std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string text_of(const RandomWalk& walk) {
    std::string text;
    for (const std::string& line : walk.trace) text += "    " + line + "\n";
    return text + "    => " + walk.broken;
}

/// How many walks it takes, from the first, until one finds damage; 0: `walks_max` find none.
std::uint64_t walks_until_damage(Rules rules, std::uint64_t walks_max) {
    for (std::uint64_t number = 1; number <= walks_max; ++number)
        if (!walk_at_random(number, rules, Tracing::no).broken.empty()) return number;
    return 0;
}

}  // namespace

TEST_CASE("random walks: every live snapshot remains complete", "[model]") {
    const std::uint64_t first = number_from("VARVE_WALK_SEED", 1);
    const std::uint64_t count = number_from("VARVE_WALKS", is_sanitized ? 5'000 : 50'000);
    std::uint64_t steps = 0;
    for (std::uint64_t number = first; number < first + count; ++number) {
        const RandomWalk walk = walk_at_random(number, Rules::all(), Tracing::no);
        steps += walk.steps;
        if (walk.broken.empty()) continue;
        FAIL("walk " << number << "\n" << text_of(walk_at_random(number, Rules::all(), Tracing::yes)));
    }
    std::cout << count << " random walks from number " << first << ": " << steps << " steps\n";
    CHECK(steps > 20 * count);
}

TEST_CASE("random walks: without any one of its rules they find damage", "[model]") {
    for (std::size_t rule = 0; rule < static_cast<std::size_t>(Rule::count); ++rule) {
        if (static_cast<Rule>(rule) == Rule::checkpoint_must_fit) continue;  // they meet no other history
        CAPTURE(rule);
        const std::uint64_t walks = walks_until_damage(Rules::all_but(static_cast<Rule>(rule)), 10'000);
        std::cout << "without rule " << rule << " of rules.h: damage after " << walks << " random walks\n";
        CHECK(walks != 0);
    }
}

}  // namespace varve::model
