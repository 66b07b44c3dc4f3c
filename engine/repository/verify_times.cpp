#include "engine/repository/verify_times.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "engine/base/text_line.h"

namespace varve {
namespace {

constexpr std::string_view times_title = "varve: when verify last read each pack, version 1";
constexpr std::uint64_t time_max = std::numeric_limits<TimeNs>::max() / 2;  // leaves room for later ones

}  // namespace

TimeNs VerifyTimes::of(const PackId& pack) const {
    const auto found = packs.find(pack);
    return found == packs.end() ? 0 : found->second;
}

void VerifyTimes::replace(const std::set<PackId>& gone, const std::set<PackId>& read, TimeNs now) {
    for (const PackId& pack : gone) packs.erase(pack);
    for (const auto& [pack, time] : packs) now = std::max(now, time + 1);
    for (const PackId& pack : read) packs[pack] = now;
}

std::string encode(const VerifyTimes& times) {
    std::string text = fmt::format("{}\n", times_title);
    for (const auto& [pack, time] : times.packs) text += fmt::format("{} {}\n", pack.hex(), time);
    return text;
}

VerifyTimes parse_verify_times(std::string_view text, const std::string& object) {
    VerifyTimes times;
    for_each_line(text, times_title, object, [&](TextLine& line) {
        PackId pack;
        line.hex(pack.bytes, "a pack");
        times.packs[pack] = static_cast<TimeNs>(line.number(time_max));
    });
    return times;
}

}  // namespace varve
