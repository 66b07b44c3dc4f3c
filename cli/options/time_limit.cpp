#include "cli/options/time_limit.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/number_text.h"

namespace varve {

OptionSpec time_limit_spec(std::string help) { return {"max-seconds", 0, "N", Repeat::once, std::move(help)}; }

std::optional<std::chrono::steady_clock::time_point> time_limit(const Arguments& arguments) {
    constexpr std::uint32_t seconds_max = 366 * 24 * 3600;
    const auto text = arguments.value("max-seconds");
    if (!text) return std::nullopt;
    const auto seconds = parse_number<std::uint32_t>(*text);
    if (!seconds || *seconds > seconds_max)
        throw Error(ErrorCode::usage,
                    fmt::format("--max-seconds: '{}' is not a number from 0 to {}", *text, seconds_max));
    return std::chrono::steady_clock::now() + std::chrono::seconds(*seconds);
}

}  // namespace varve
