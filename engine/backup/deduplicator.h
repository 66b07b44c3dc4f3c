#pragma once
/// Gives every changed chunk of a backup its address: the one it already has in the repository, the one it got earlier
/// in this run, or a new one. Remembers what the commit entry must name. One thread.

#include <set>
#include <unordered_map>

#include "engine/repository/catalog.h"
#include "engine/repository/chunk_store.h"
#include "engine/repository/soundness.h"

namespace varve {

class Deduplicator {
public:
    /// Borrows all but `siblings` for its life: packs that the same commit names as its own anyway, because another
    /// session wrote or adopted them.
    Deduplicator(PackSession& session, Catalog& catalog, Soundness& soundness, std::set<PackId> siblings = {})
        : session_(session), catalog_(catalog), soundness_(soundness), own_packs_(std::move(siblings)) {}

    ChunkAddress put(const ChunkId& id, const Fingerprint& fingerprint, ByteView plain);

    /// Completes the packs and adopts the orphans that gave a hit; everything is durable on return.
    std::vector<StoredPack> finish();

    /// Packs that others committed and that gave a hit. Complete after finish().
    std::vector<PackId> hit_packs() const { return {hits_.begin(), hits_.end()}; }
    std::uint64_t chunks_new() const { return chunks_new_; }
    std::uint64_t chunks_reused() const { return chunks_reused_; }
    /// New chunks that the repository would have if what holds them were sound.
    std::uint64_t chunks_stored_again() const { return chunks_stored_again_; }

private:
    void note_hit(const ChunkAddress& address);
    void note_durable();
    void adopt_orphans();

    PackSession& session_;
    Catalog& catalog_;
    Soundness& soundness_;
    std::unordered_map<ChunkId, ChunkAddress> pending_;  ///< in packs that are not durable yet: a few packs' worth
    std::set<PackId> own_packs_;                         ///< written by the session, and the siblings
    std::set<PackId> hits_;
    std::uint64_t chunks_new_ = 0;
    std::uint64_t chunks_reused_ = 0;
    std::uint64_t chunks_stored_again_ = 0;
};

}  // namespace varve
