#pragma once
/// Map pages that cannot be read, and what stands in for them: another page of a live map with the same digest, so that
/// the disk's bytes below are the same, or one that was made anew from what a PageSource knows. A plain value.

#include <memory>
#include <span>
#include <stop_token>
#include <unordered_map>

#include "engine/prune/page_source.h"
#include "engine/prune/substitute_page.h"
#include "engine/repository/repository.h"

namespace varve {

class PageSubstitutes {
public:
    /// None.
    PageSubstitutes() = default;

    /// Reads every page of the live maps once, and proves each substitute by its digest. What no live map has is asked
    /// of `sources`, in their order. A page that holds nothing, by its digest, needs none: it becomes unallocated.
    /// Costs about 60 bytes of memory per page, and the substitutes themselves: for use after a page could not be read.
    /// Throws what reading throws, but for damage.
    static PageSubstitutes search(const Repository& repository, std::span<const PageSource* const> sources,
                                  const std::stop_token& stop);

    /// What stands in for the page of `level` that is at `page` today; null: that page is not known to be damaged, or
    /// nothing does.
    const SubstitutePage* find(int level, const ChunkAddress& page) const;
    const SubstitutePage* find(const ChunkAddress& page) const;

    /// The damaged pages for which nothing stands in.
    const std::vector<LostPage>& lost() const { return lost_; }

    /// Whether a damaged page that has a substitute is in `pack`.
    bool has_in(const PackId& pack) const;

private:
    void add(const ChunkAddress& page, SubstitutePage substitute);
    bool add_made(const LostPage& page, const PageAssembly& assembly);

    std::unordered_map<ChunkAddress, std::shared_ptr<const SubstitutePage>> by_damaged_;
    std::vector<LostPage> lost_;
};

}  // namespace varve
