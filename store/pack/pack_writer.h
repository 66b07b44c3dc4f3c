#pragma once
/// Writes one pack, frame by frame, into an upload: header, frames, slot table, footer. Nothing of it is visible before
/// commit(); destroying it without commit() leaves nothing behind. For one thread at a time.

#include <memory>

#include "engine/repository/chunk_store.h"
#include "store/backend/backend.h"
#include "store/pack/frame_codec.h"

namespace varve {

class PackWriter {
public:
    /// Borrows `backend`.
    PackWriter(Backend& backend, const RepositoryId& repository, const PackId& id, PackKind kind);

    /// Appends the next frame of the pack.
    void append(EncodedFrame frame);

    const PackId& id() const { return id_; }
    /// Bytes appended so far.
    ByteCount bytes() const { return {position_}; }
    const SlotTable& slots() const { return table_; }

    /// Completes the pack with slot table and footer and gives it its name; it is durable on return. Call it once.
    StoredPack commit();

private:
    void append_hashed(ByteView bytes);

    const PackId id_;
    const PackKind kind_;
    std::unique_ptr<ObjectUpload> upload_;
    Sha256 hasher_;
    SlotTable table_;
    std::uint64_t position_ = 0;
};

}  // namespace varve
