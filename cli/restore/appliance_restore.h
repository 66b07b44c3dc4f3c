#pragma once
/// Restores snapshots as one appliance (OVA), with the descriptor and the files attached to their commit.

#include <span>
#include <stop_token>
#include <string>

#include "cli/render/restore_report.h"
#include "cli/restore/restore_target.h"
#include "engine/base/progress.h"
#include "engine/repository/repository.h"

namespace varve {

/// Whether whole disks restored to `path`, which is not a folder, make an appliance: by the format typed, else by the
/// extension. Throws what target_format() throws.
bool means_appliance(const std::string& path, const RestoreOptions& options);

/// One archive at `path`, which appears when it is whole. The attachment *.ovf of the snapshots' one commit becomes its
/// descriptor if it describes exactly these disks; the attachments that it references are packed, and a warning lists
/// the others. The result has the disks in the order of `snapshots`, and the attachments that were packed. Throws
/// Error(usage) for options that OVA does not have, and what create_output_file() and appliance::PackagePlan throw.
RestoredFiles restore_appliance(const Repository& repository, std::span<const ListedSnapshot> snapshots,
                                const std::string& path, const RestoreOptions& options, Progress& progress,
                                const std::stop_token& stop);

}  // namespace varve
