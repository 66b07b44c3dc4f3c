#pragma once
/// Brings the catalog up to date with the log: reads each new entry, the slot tables copied in its metadata packs and
/// its move tables, and applies them. No data pack is opened. A catalog that has read nothing starts from the newest
/// checkpoint that fits the log, if there is one.

#include <string>

#include "engine/base/progress.h"
#include "engine/repository/repository.h"

namespace varve {

/// Applies every entry after the catalog's head. When the log lacks what the catalog has read (another or a
/// rolled-back repository), warns through `progress` in one line and reads everything again.
/// Returns the head it reached.
LogHead catch_up(Repository& repository, Progress& progress);

/// Makes a new catalog from the log, or from its newest checkpoint and the entries after it, beside the present one and
/// puts it in its place; the present one stays when the new one cannot be made.
LogHead rebuild(Repository& repository, Progress& progress);

/// Fills `fresh.catalog`, which is empty and which no one else uses, in the same way; when this throws, it holds a
/// part.
void read_into_new_catalog(Repository& fresh, Progress& progress);

}  // namespace varve
