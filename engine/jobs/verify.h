#pragma once
/// The verify job: proves that snapshots can be restored by reading them: map pages against their digests, packs
/// against the log, every chunk against its id. Damage is data: it is reported, and the job continues.

#include <span>
#include <stop_token>

#include "engine/base/progress.h"
#include "engine/jobs/verify_report.h"
#include "engine/jobs/verify_scope.h"
#include "engine/repository/repository.h"

namespace varve {

/// Reads the repository, not the cache: the config (when it was opened), every log entry, and each pack of `scope`
/// once, however many of the snapshots use it.
VerifyReport verify(const Repository& repository, std::span<const SnapshotRecord> snapshots, VerifyScope scope,
                    Progress& progress, std::stop_token stop);

}  // namespace varve
