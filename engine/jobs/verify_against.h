#pragma once
/// Compares a snapshot with the image that it was taken from, or that was restored from it.

#include <stop_token>

#include "engine/base/progress.h"
#include "engine/image/image_reader.h"
#include "engine/jobs/verify_report.h"
#include "engine/repository/repository.h"

namespace varve {

/// Reads `image` and compares it with the snapshot's bytes by chunk ids: one finding per run of chunks that differ.
VerifyReport verify_against(const Repository& repository, const SnapshotRecord& snapshot, const ImageReader& image,
                            Progress& progress, std::stop_token stop);

}  // namespace varve
