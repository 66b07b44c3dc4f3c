#pragma once
/// Copies the needed slots of packs that a prune gives up into new packs. Each is verified against its id while it is
/// read. A patch becomes a whole chunk, so that no copy depends on a base. One thread.

#include <optional>
#include <string>

#include "engine/prune/liveness.h"
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
    SlotCopies(const Repository& repository, const Liveness& liveness, PackSession& session, SlotMoves& moves)
        : repository_(repository), liveness_(liveness), session_(session), moves_(moves) {}

    /// Copies what is needed of `pack`: chunks, or map pages and attachments. When something cannot be read, no move
    /// away from the pack is left, and the fault is returned.
    std::optional<CopyFault> copy(const PackFacts& pack);

private:
    std::optional<CopyFault> copy_chunks(const PackId& pack, const SlotTable& table);
    std::optional<CopyFault> copy_metadata(const PackId& pack, const SlotTable& table);
    std::optional<CopyFault> copy_batch(std::span<const ChunkAddress> batch, const SlotTable& table);

    const Repository& repository_;
    const Liveness& liveness_;
    PackSession& session_;
    SlotMoves& moves_;
};

}  // namespace varve
