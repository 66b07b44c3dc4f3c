#pragma once
/// Copies the needed slots of packs that a prune gives up into new packs. Each is verified against its id while it is
/// read. A patch becomes a whole chunk, so that no copy depends on a base. What cannot be read is written from a
/// replacement, if there is one: that heals every snapshot that needs it. One thread.

#include <optional>
#include <string>
#include <unordered_map>

#include "engine/prune/liveness.h"
#include "engine/prune/page_substitutes.h"
#include "engine/prune/replacements.h"
#include "engine/prune/slot_moves.h"

namespace varve {

/// Why a pack cannot be given up.
struct CopyFault {
    std::string why;                    ///< one sentence
    std::optional<std::uint32_t> slot;  ///< that was found damaged; nullopt: nothing new was found
};

class SlotCopies {
public:
    /// Borrows all; `session` takes the copies, `moves` where they are.
    SlotCopies(const Repository& repository, const Liveness& liveness, const Replacements& replacements,
               const PageSubstitutes& substitutes, PackSession& session, SlotMoves& moves)
        : repository_(repository),
          liveness_(liveness),
          replacements_(replacements),
          substitutes_(substitutes),
          session_(session),
          moves_(moves) {}

    /// Copies what is needed of `pack`: chunks, or map pages and attachments. When something cannot be read, no move
    /// away from the pack is left, and the fault is returned.
    std::optional<CopyFault> copy(const PackFacts& pack);

    /// Chunks that were written from a replacement, and map pages that were written because they were lost.
    std::uint64_t healed_chunks() const { return healed_chunks_; }
    std::uint64_t healed_pages() const { return healed_pages_; }

private:
    std::optional<CopyFault> copy_chunks(const PackId& pack, const SlotTable& table);
    std::optional<CopyFault> copy_metadata(const PackId& pack);
    std::optional<CopyFault> copy_batch(std::span<const ChunkAddress> batch, const SlotTable& table);
    ChunkAddress copy_metadata(const ChunkAddress& address);
    ChunkAddress write(const SubstitutePage& page);
    bool heal(const ChunkAddress& address, const Slot& slot);

    const Repository& repository_;
    const Liveness& liveness_;
    const Replacements& replacements_;
    const PageSubstitutes& substitutes_;
    PackSession& session_;
    SlotMoves& moves_;
    std::unordered_map<const SubstitutePage*, ChunkAddress> written_;
    std::uint64_t healed_chunks_ = 0;
    std::uint64_t healed_pages_ = 0;
};

}  // namespace varve
