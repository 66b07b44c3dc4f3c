#pragma once
/// Restores snapshots as one appliance (OVA), with the descriptor and the files that were kept in their commit.

#include <span>
#include <stop_token>
#include <string>

#include "cli/restore/folder_restore.h"
#include "cli/restore/restore_target.h"
#include "engine/base/progress.h"
#include "engine/repository/repository.h"

namespace varve {

/// Whether whole disks that go to `path`, which is no folder, make an appliance: by the format typed, else by the
/// ending. Throws what target_format() throws.
bool means_appliance(const std::string& path, const RestoreWishes& wishes);

/// One archive at `path`, which appears when it is whole. The attachment *.ovf of the snapshots' one commit is its
/// descriptor, if it describes these disks and no others, and the attachments that it references go in; all else is
/// warned of. The result has the disks in the order of `snapshots`, and the attachments that were taken. Throws
/// Error(usage) for options that OVA does not have, and what create_output_file() and appliance::PackagePlan throw.
RestoredFiles restore_appliance(const Repository& repository, std::span<const ListedSnapshot> snapshots,
                                const std::string& path, const RestoreWishes& wishes, Progress& progress,
                                const std::stop_token& stop);

}  // namespace varve
