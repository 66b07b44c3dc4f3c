#pragma once
/// Reads slots by address: finds their frames through the slot directory, reads and decodes each frame once, applies
/// patches, and checks every content against its id. Safe to use from many threads.

#include <functional>
#include <map>
#include <memory>
#include <span>

#include "engine/repository/chunk_store.h"
#include "engine/repository/slot_directory.h"
#include "store/backend/backend.h"
#include "store/pack/frame_cache.h"

namespace varve {

class SlotReader {
public:
    /// Borrows both.
    SlotReader(const Backend& backend, const SlotDirectory& directory);

    /// As ChunkStore::get.
    void get_chunks(std::span<const ChunkAddress> addresses, const ChunkSink& sink) const;

    /// As get_chunks for one address that is known to be that of a whole chunk: the base of a patch.
    void get_base(const ChunkAddress& address, const ChunkSink& sink) const;

    /// As ChunkStore::get_metadata.
    Bytes get_metadata(const ChunkAddress& address, SlotKind kind) const;

    /// The content of one slot that is not a patch, using the caller's slot table.
    Bytes read_slot(const PackId& pack, const SlotTable& table, std::uint32_t slot) const;

private:
    enum class Wanted { chunk_or_patch, base };
    struct Want;
    struct FrameWant;
    using TablePtr = std::shared_ptr<const SlotTable>;
    using Tables = std::map<PackId, TablePtr>;

    void fetch(std::span<const ChunkAddress> addresses, Wanted wanted, const ChunkSink& sink) const;
    std::vector<Want> plan(std::span<const ChunkAddress> addresses, Wanted wanted, Tables& tables) const;
    void fetch_pack(std::span<const Want> wants, const SlotTable& table, const ChunkSink& sink) const;
    void fetch_run(const PackId& pack, const SlotTable& table, std::span<const FrameWant> run,
                   const ChunkSink& sink) const;
    void deliver(const PackId& pack, const SlotTable& table, std::span<const Want> wants, ByteView plain,
                 const ChunkSink& sink) const;
    void deliver_patches(const PackId& pack, const SlotTable& table, std::span<const Want> patches, ByteView plain,
                         const ChunkSink& sink) const;
    ChunkAddress resolve(const ChunkAddress& address) const;

    /// Reads and decodes a frame, and caches it.
    std::shared_ptr<const Bytes> read_frame(const PackId& pack, const SlotTable& table, std::uint32_t frame) const;

    /// As check_content; a frame with wrong content leaves the cache, so that the next call reads the pack again.
    void check_or_drop(const PackId& pack, const SlotTable& table, std::uint32_t slot, ByteView content) const;

    const Backend& backend_;
    const SlotDirectory& directory_;
    mutable FrameCache cache_;
};

/// Throws Error(corrupt), with the place of the slot, unless `content` has the slot's id.
void check_content(const Backend& backend, const PackId& pack, const SlotTable& table, std::uint32_t slot,
                   ByteView content);

/// "pack file '…', slot 17 in frame 4 at offset 12345": for error texts.
std::string describe_slot(const Backend& backend, const PackId& pack, const SlotTable& table, std::uint32_t slot);

}  // namespace varve
