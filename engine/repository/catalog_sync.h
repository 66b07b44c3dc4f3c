#pragma once
/// Brings the catalog up to the log: reads each new entry, the slot tables that its metadata packs copied and its move
/// tables, and enters them. No data pack is opened.

#include <string>

#include "engine/base/progress.h"
#include "engine/repository/repository.h"

namespace varve {

/// Applies every entry after the catalog's head. When the log does not hold what the catalog has seen (another or a
/// rolled-back repository), warns through `progress` in one line and reads everything again.
/// Returns the head it reached.
LogHead catch_up(Repository& repository, Progress& progress);

/// Forgets the catalog and reads the whole log.
LogHead rebuild(Repository& repository, Progress& progress);

}  // namespace varve
