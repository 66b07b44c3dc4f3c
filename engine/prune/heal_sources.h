#pragma once
/// What damage is healed from, besides the repository itself. Borrowed.

#include <vector>

#include "engine/prune/page_source.h"
#include "engine/prune/replacements.h"

namespace varve {

struct HealSources {
    std::vector<const Replacements*> chunks = {};  ///< asked in this order; none: only the repository
    std::vector<const PageSource*> pages = {};     ///< for map pages that no live map has
};

}  // namespace varve
