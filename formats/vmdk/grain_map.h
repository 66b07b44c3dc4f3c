#pragma once
/// Where the grains of one extent lie: what the tables of the several sparse formats have in common.

#include "engine/image/extent.h"

namespace varve::vmdk {

/// What makes grains that follow each other one run.
enum class GrainRunBy : std::uint8_t {
    kind,   ///< all are of one kind
    place,  ///< ... and data lies side by side in the file
};

struct GrainRun {
    ExtentKind kind = ExtentKind::unallocated;
    std::uint64_t grains = 0;  ///< at least 1; the next run may be of the same kind
    ByteOffset place;          ///< in the file, of the first grain; of data only
};

/// Immutable; safe from many threads.
class GrainMap {
public:
    virtual ~GrainMap() = default;

    /// The run that begins with grain `grain`, at most `grains_max` long (at least 1; all are grains of the extent).
    /// Data begins inside the file. Throws Error(corrupt) that names the entry when the first grain has none that makes
    /// sense; a run ends before such a grain.
    virtual GrainRun run_at(std::uint64_t grain, std::uint64_t grains_max, GrainRunBy by) const = 0;
};

}  // namespace varve::vmdk
