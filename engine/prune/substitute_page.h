#pragma once
/// What is written in place of a map page that cannot be read: a page that covers the same bytes of the disk. It may
/// name pages that have to be written first, because they are lost, too. A plain value.

#include <map>
#include <memory>

#include "engine/repository/map_page.h"

namespace varve {

struct SubstitutePage {
    int level = 0;
    Bytes page;  ///< encoded
    /// Of an inner page: the children that are not in the repository yet, by entry; their addresses in `page` are zero.
    std::map<std::size_t, std::shared_ptr<const SubstitutePage>> children = {};
};

/// The parsed page; each of level `page.level`.
LeafPage leaf_of(const SubstitutePage& page);
InnerPage inner_of(const SubstitutePage& page);

/// A page of which all is unallocated: a substitute for one whose digest states that it holds nothing.
SubstitutePage page_of_nothing(int level);

}  // namespace varve
