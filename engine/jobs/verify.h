#pragma once
/// The verify and check jobs: they prove that snapshots can be restored by reading them: map pages against their
/// digests, packs against the log, every chunk against its id. Damage is data: it is reported, and the job continues.

#include <span>
#include <stop_token>

#include "engine/base/progress.h"
#include "engine/jobs/verify_report.h"
#include "engine/jobs/verify_request.h"
#include "engine/repository/repository.h"

namespace varve {

/// Reads the repository, not the cache: the config (when it was opened), every log entry, the maps of the snapshots,
/// and in the scope of the request the tables, each metadata pack, and each data pack as deep as is requested, all of
/// them once, however many of the snapshots use them. Findings name every snapshot that is affected. A stop request
/// while packs are read ends the job early, with a report of what was read; before, it throws Error(cancelled).
VerifyReport verify(const Repository& repository, std::span<const SnapshotRecord> snapshots,
                    const VerifyRequest& request, Progress& progress, const std::stop_token& stop);

}  // namespace varve
