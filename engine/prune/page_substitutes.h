#pragma once
/// Map pages that cannot be read, and in their place other pages of live maps with the same digest: the disk's bytes
/// below are the same. A plain value.

#include <optional>
#include <stop_token>
#include <unordered_map>

#include "engine/repository/repository.h"

namespace varve {

class PageSubstitutes {
public:
    /// None.
    PageSubstitutes() = default;

    /// Reads every page of the live maps once, and proves each substitute by its digest. Costs about 60 bytes of memory
    /// per page: for use after a page could not be read. Throws what reading throws, but for damage.
    static PageSubstitutes search(const Repository& repository, const std::stop_token& stop);

    /// What to read instead of the page that is at `page` today; nullopt: that page is not known to be damaged, or no
    /// other page says the same.
    std::optional<ChunkAddress> find(const ChunkAddress& page) const;

    /// Whether a damaged page that has a substitute is in `pack`.
    bool has_in(const PackId& pack) const;

    friend bool operator==(const PageSubstitutes&, const PageSubstitutes&) = default;

private:
    std::unordered_map<ChunkAddress, ChunkAddress> by_damaged_;
};

}  // namespace varve
