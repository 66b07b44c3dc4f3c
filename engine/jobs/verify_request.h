#pragma once
/// What a verify job shall read. A plain value.

#include <chrono>
#include <optional>

#include "engine/repository/verify_times.h"

namespace varve {

enum class VerifyScope {
    snapshots,   ///< the packs that the snapshots use
    repository,  ///< every pack that an entry names, whether a snapshot uses it or not
};

enum class VerifyDepth {
    structure,  ///< everything but guest data: of data packs only the trailer is read
    data,       ///< every byte, within the limits below
};

/// The limits are for data packs: the structure is always checked as a whole. Of the packs that a limit leaves, the
/// trailer is checked, and what is known to be damaged in them is reported again.
struct VerifyRequest {
    VerifyScope scope = VerifyScope::repository;
    VerifyDepth depth = VerifyDepth::data;
    /// From 0 to 1: read data packs of so much of their bytes, those verified longest ago first, and at least one.
    std::optional<double> sample;
    /// No data pack but the first is begun after this.
    std::optional<std::chrono::steady_clock::time_point> deadline;
    VerifyTimes last_verified;
};

}  // namespace varve
