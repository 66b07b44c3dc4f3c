#pragma once
/// Makes map pages of a repository out of what a disk is known to hold: chunks by their ids, subtrees by their digests.
/// What the repository has is used where it is. Nothing is written. One thread.

#include <array>
#include <functional>
#include <optional>
#include <unordered_map>

#include "engine/prune/substitute_page.h"
#include "engine/repository/repository.h"

namespace varve {

/// The chunks that a leaf covers. `ids` count only where present; elsewhere they are zero.
struct LeafContent {
    std::array<MapKind, map_fanout> kinds{};
    std::array<ChunkId, map_fanout> ids{};
};

/// A subtree of a page to be: uniform, a page that exists, or one to be written (`made`; then its address is zero).
struct AssembledSubtree {
    Subtree subtree;
    std::shared_ptr<const SubstitutePage> made = nullptr;
};

class PageAssembly {
public:
    /// Where a page of this level and digest is that can be read; nullopt: nowhere. Asked for no digest of zero bytes.
    using FindPage = std::function<std::optional<ChunkAddress>(int level, const Digest& digest)>;

    /// Borrows catalog, packs and known damage of `repository`.
    PageAssembly(const Repository& repository, FindPage find_page)
        : repository_(repository), find_page_(std::move(find_page)) {}

    /// nullopt: a chunk is in no pack of the repository. One that is damaged is used if no other has its content: its
    /// slot is healed by itself.
    std::optional<AssembledSubtree> leaf(const LeafContent& content);
    /// `level` is that of the new page, from 1.
    AssembledSubtree inner(int level, const std::array<AssembledSubtree, map_fanout>& children);

    /// The subtree of this digest, if it exists or was made; never for a digest of zero bytes, which states nothing
    /// about kinds.
    std::optional<AssembledSubtree> find(int level, const Digest& digest) const;
    /// Only what was made; null: nothing.
    std::shared_ptr<const SubstitutePage> made(int level, const Digest& digest) const;

private:
    using MadePages = std::unordered_map<Digest, std::shared_ptr<const SubstitutePage>>;

    AssembledSubtree make(const Digest& digest, SubstitutePage page);
    std::optional<ChunkAddress> place_of(const ChunkId& id) const;
    bool is_whole(const PackId& pack) const;

    const Repository& repository_;
    const FindPage find_page_;
    std::array<MadePages, map_root_level + 1> made_;        ///< by level
    mutable std::unordered_map<PackId, bool> whole_packs_;  ///< committed, and there with the size that is stated
};

}  // namespace varve
