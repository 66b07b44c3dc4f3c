#pragma once
/// What a verify job did and found. A plain value.

#include <cstdint>
#include <vector>

#include "engine/base/units.h"
#include "engine/jobs/finding.h"

namespace varve {

struct VerifyReport {
    std::uint64_t checked_chunks = 0;
    ByteCount checked_bytes;  ///< plain bytes of those chunks
    std::vector<Finding> findings;
};

}  // namespace varve
