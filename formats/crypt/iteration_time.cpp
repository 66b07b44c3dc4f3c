#include "formats/crypt/iteration_time.h"

#include "formats/base/option_words.h"

namespace varve::crypt {

std::optional<std::chrono::milliseconds> parse_iteration_time(std::string_view text) {
    constexpr std::uint64_t milliseconds_max = 60'000;
    const auto number = parse_number(text);
    if (!number || *number == 0 || *number > milliseconds_max) return std::nullopt;
    return std::chrono::milliseconds(*number);
}

}  // namespace varve::crypt
