#include "engine/jobs/verify_order.h"

#include <algorithm>
#include <tuple>

namespace varve {

void sort_by_last_verified(std::vector<PackFacts>& packs, const VerifyTimes& times) {
    std::sort(packs.begin(), packs.end(), [&](const PackFacts& a, const PackFacts& b) {
        return std::tuple(times.of(a.id), a.id) < std::tuple(times.of(b.id), b.id);
    });
}

std::size_t packs_in_sample(const std::vector<PackFacts>& packs, double share) {
    double left = 0;
    for (const PackFacts& pack : packs) left += static_cast<double>(pack.size.value) * share;
    std::size_t count = 0;
    for (; count < packs.size() && (count == 0 || left >= 1); ++count)
        left -= static_cast<double>(packs[count].size.value);
    return count;
}

}  // namespace varve
