#pragma once
/// Finds the whole data packs that a killed backup left behind, so that the next one uses them instead of storing the
/// same bytes again. See store/FORMAT.md section 6.

#include "engine/repository/repository.h"

namespace varve {

/// Makes the chunks of every proved orphan findable through the catalog, and forgets uncommitted packs that no
/// longer exist. A torn or foreign pack is left alone.
void find_orphan_packs(Repository& repository);

}  // namespace varve
