#pragma once
/// Connects a source with the nights before: asks its change source about the snapshots of its disk.

#include "cli/backup/backup_inputs.h"
#include "engine/base/progress.h"
#include "engine/repository/catalog.h"

namespace varve {

/// Tells `input` what may differ from a former snapshot of its disk, if its change source can tell: the nearest in time
/// that it knows. Warns when there was one to be compared with that is of no use any more. Throws what the source
/// throws.
void compare_with_former(BackupInput& input, const Catalog& catalog, Progress& progress);

}  // namespace varve
