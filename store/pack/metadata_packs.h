#pragma once
/// The metadata packs of a session: pages and copies of slot tables, gathered into small frames. They are written as
/// they fill up but get their names only in commit(), after all data packs are durable. For one thread at a time.

#include <optional>

#include "store/pack/pack_writer.h"
#include "store/pack/session_limits.h"

namespace varve {

class MetadataPacks {
public:
    /// Borrows `backend`.
    MetadataPacks(Backend& backend, const RepositoryId& repository, const SessionLimits& limits);

    /// Adds a slot; its id is the SHA-256 of `plain`. Error(usage) for one that is too large.
    ChunkAddress put(SlotKind kind, ByteView plain);

    bool empty() const { return !draft_ && writers_.empty(); }

    /// Completes all packs, makes them durable and returns them. Call it once.
    std::vector<StoredPack> commit();

private:
    bool fits(ByteView plain) const;
    void begin_frame();
    void flush_frame();

    Backend& backend_;
    const RepositoryId repository_;
    const SessionLimits limits_;
    FrameEncoder encoder_;
    std::vector<std::unique_ptr<PackWriter>> writers_;  ///< the last one is the one being filled
    std::optional<FrameDraft> draft_;
};

}  // namespace varve
