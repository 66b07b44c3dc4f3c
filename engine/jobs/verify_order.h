#pragma once
/// Which data packs a verify job reads, and in which order. Pure functions.

#include <cstddef>
#include <vector>

#include "engine/repository/pack.h"
#include "engine/repository/verify_times.h"

namespace varve {

/// Those verified longest ago first, those never verified before all others; among equals by id.
void sort_by_last_verified(std::vector<PackFacts>& packs, const VerifyTimes& times);

/// How many of `packs`, from the first on, a sample of `share` of all their bytes takes: at least one, and the last one
/// whole, so that 1 / share runs read everything.
std::size_t packs_in_sample(const std::vector<PackFacts>& packs, double share);

}  // namespace varve
