#pragma once
/// The verify job: proves that snapshots can be restored, by reading them: map pages against their digests, packs
/// against the log, every chunk against its id. Damage is data: it is told and the work goes on.

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/base/progress.h"
#include "engine/image/image_reader.h"
#include "engine/jobs/finding.h"
#include "engine/repository/log_entry.h"
#include "engine/repository/repository.h"

namespace varve {

struct VerifyReport {
    std::uint64_t checked_chunks = 0;
    ByteCount checked_bytes;  ///< plain bytes of those chunks
    std::vector<Finding> findings;
};

/// Each pack is read once, however many of the snapshots use it.
VerifyReport verify(const Repository& repository, std::span<const SnapshotRecord> snapshots, Progress& progress,
                    std::stop_token stop);

/// Reads `image` and compares it with the snapshot's bytes by chunk ids: a finding for each run of chunks that differ.
VerifyReport verify_against(const Repository& repository, const SnapshotRecord& snapshot, const ImageReader& image,
                            Progress& progress, std::stop_token stop);

}  // namespace varve
