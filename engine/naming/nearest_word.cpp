#include "engine/naming/nearest_word.h"

#include <algorithm>
#include <vector>

namespace varve {
namespace {

/// Number of letters to insert, delete, replace or swap with their neighbour (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replace});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    }
    return cost[a.size()][b.size()];
}

}  // namespace

std::optional<std::string> nearest_word(std::string_view typed, std::span<const std::string> known) {
    constexpr std::size_t typed_bytes_max = 64;
    if (typed.size() > typed_bytes_max) return std::nullopt;
    std::optional<std::string> best;
    std::size_t best_distance = typed.size() / 3 + 2;  // a distance from here on is another word
    for (const std::string& word : known) {
        const bool is_cut_short = typed.size() >= 2 && word.starts_with(typed);
        const std::size_t distance = is_cut_short ? 1 : edit_distance(typed, word);
        if (distance < best_distance) {
            best = word;
            best_distance = distance;
        }
    }
    return best;
}

}  // namespace varve
