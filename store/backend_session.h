#pragma once
/// PackSession over a backend. An address is known at put, because pack ids are chosen in advance at random and slots
/// are numbered as they come. Where a pack ends depends only on the bytes, not on the speed of the threads.

#include <deque>
#include <optional>

#include "engine/repository/chunk_store.h"
#include "engine/repository/repository.h"
#include "store/pack/metadata_packs.h"
#include "store/pack/pack_pipeline.h"

namespace varve {

class BackendSession final : public PackSession {
public:
    /// Borrows `backend`.
    BackendSession(Backend& backend, const RepositoryId& repository, const SessionLimits& limits);

    ChunkAddress put_chunk(const ChunkId& id, const Fingerprint& fingerprint, ByteView plain) override;
    ChunkAddress put_metadata(SlotKind kind, ByteView plain) override;
    std::vector<StoredPack> take_durable() override;
    void adopt(const StoredPack& pack) override;
    std::vector<StoredPack> finish() override;
    ByteCount bytes_stored() const override { return bytes_stored_; }

private:
    /// A frame that was submitted and whose size in the pack is not known yet.
    struct OutFrame {
        PackId pack;
        std::uint64_t estimated_bytes = 0;
    };

    void begin_frame();
    void submit_frame();
    void begin_pack();
    void settle_oldest();
    void collect_durable();

    Backend& backend_;
    const RepositoryId repository_;
    const SessionLimits limits_;

    PackId pack_;                   ///< the data pack being filled; none before the first chunk
    std::uint64_t pack_bytes_ = 0;  ///< of its frames: stored size if settled, else the estimate
    std::uint32_t next_frame_ = 0;  ///< ordinal in the pack
    std::uint32_t next_slot_ = 0;
    std::optional<FrameDraft> draft_;
    std::deque<OutFrame> out_;

    MetadataPacks metadata_;
    std::vector<StoredPack> written_;  ///< own data packs that are durable
    std::vector<StoredPack> adopted_;
    std::size_t taken_ = 0;  ///< how many of written_ take_durable has returned
    ByteCount bytes_stored_;
    bool finished_ = false;

    std::unique_ptr<DataPipeline> pipeline_;  ///< started with the first chunk
};

}  // namespace varve
