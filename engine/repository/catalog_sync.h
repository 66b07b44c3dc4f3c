#pragma once
/// Brings the catalog up to date with the log: reads each new entry, the slot tables copied in its metadata packs and
/// its move tables, and applies them. No data pack is opened.

#include <string>

#include "engine/base/progress.h"
#include "engine/repository/repository.h"

namespace varve {

/// Applies every entry after the catalog's head. When the log lacks what the catalog has read (another or a
/// rolled-back repository), warns through `progress` in one line and reads everything again.
/// Returns the head it reached.
LogHead catch_up(Repository& repository, Progress& progress);

/// Makes a new catalog from the whole log beside the present one and puts it in its place; the present one stays when
/// the new one cannot be made.
LogHead rebuild(Repository& repository, Progress& progress);

}  // namespace varve
