#pragma once
/// Where map pages can be learned from that cannot be read and that no other live map has: an image of the disk as it
/// was then, or another repository that holds the same snapshot.

#include <stop_token>
#include <vector>

#include "engine/prune/page_assembly.h"

namespace varve {

/// A page of a live map that cannot be read.
struct LostPage {
    int level = 0;
    std::uint64_t first_leaf = 0;  ///< that it covers
    Digest digest;                 ///< as the page above states it; never zero
    ChunkAddress now;              ///< where it should be
};

class PageSource {
public:
    virtual ~PageSource() = default;

    /// Assembles what this source knows of the places of `lost`; whether that is what was lost, its digest shows.
    /// Reads nothing that does not lie above or below one of them. What is damaged in the source is left out. Throws
    /// Error(io) when the medium fails, and Error(cancelled).
    virtual void assemble(const std::vector<LostPage>& lost, PageAssembly& assembly,
                          const std::stop_token& stop) const = 0;
};

}  // namespace varve
