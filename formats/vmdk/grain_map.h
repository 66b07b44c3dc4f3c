#pragma once
/// Where the grains of one extent are: the common interface to the tables of the sparse formats.

#include <string>
#include <vector>

#include "engine/image/extent.h"

namespace varve::vmdk {

/// What consecutive grains must share to be one run.
enum class GrainRunBy : std::uint8_t {
    kind,   ///< the kind
    place,  ///< the kind, and data is contiguous in the file
};

struct GrainRun {
    ExtentKind kind = ExtentKind::unallocated;
    std::uint64_t grains = 0;  ///< at least 1; the next run may be of the same kind
    ByteOffset place;          ///< of the first grain in the file; only for data
};

/// Safe from many threads; what run_at() returns never changes.
class GrainMap {
public:
    virtual ~GrainMap() = default;

    /// The run that begins with grain `grain`, at most `grains_max` long (at least 1; all are grains of the extent).
    /// Data begins inside the file. Throws Error(corrupt) that names the entry if that of the first grain is invalid; a
    /// run ends before a grain with an invalid entry.
    virtual GrainRun run_at(std::uint64_t grain, std::uint64_t grains_max, GrainRunBy by) const = 0;

    /// As of LateWarnings.
    virtual std::vector<std::string> late_warnings() const { return {}; }
};

}  // namespace varve::vmdk
