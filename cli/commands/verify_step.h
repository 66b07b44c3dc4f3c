#pragma once
/// The common part of `varve check` and `varve verify`.

#include <string>
#include <vector>

#include "cli/commands/exit_status.h"
#include "cli/options/invocation.h"
#include "engine/base/progress.h"
#include "engine/jobs/verify_report.h"
#include "engine/jobs/verify_request.h"
#include "engine/repository/catalog.h"

namespace varve {

/// The named snapshots, each once, or all.
std::vector<SnapshotRecord> snapshots_to_verify(const Catalog& catalog, const std::vector<std::string>& names);

/// Opens the repository, runs the job on the snapshots that the operands name (or all), and remembers on this host what
/// was read and what is damaged, also when it is stopped: then it throws Error(cancelled).
VerifyReport verify_repository(const Invocation& call, VerifyRequest request, Progress& progress);

/// Prints the report as the options ask for; the status states whether there are findings.
ExitStatus print_report(const Invocation& call, const VerifyReport& report);

}  // namespace varve
