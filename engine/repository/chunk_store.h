#pragma once
/// The packs of a repository: reading slots by address and writing new packs. Knows nothing of snapshots or of which
/// chunks are the same: the engine looks ids up before it puts. Implemented in store/.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/repository/chunk.h"
#include "engine/repository/fingerprint.h"
#include "engine/repository/pack.h"
#include "engine/repository/slot_table.h"

namespace varve {

/// A pack that is durable in the repository, with its slot table.
struct StoredPack {
    PackFacts facts;
    std::shared_ptr<const SlotTable> slots;
};

/// One job's writing of packs. Not shared between threads. What was put is durable only after finish(); what a session
/// that never finished made durable are orphans that a later backup may adopt, or a prune removes.
class PackSession {
public:
    virtual ~PackSession() = default;

    /// Stores a whole chunk (exactly chunk_bytes) that is new; calls in guest order make good frames. Returns at once
    /// with its final address: compression and writing go on in the background, with bounded memory.
    virtual ChunkAddress put_chunk(const ChunkId& id, const Fingerprint& fingerprint, ByteView plain) = 0;

    /// Stores a map page, a move table or an attachment in the session's metadata pack. Its slot id is its SHA-256.
    virtual ChunkAddress put_metadata(SlotKind kind, ByteView plain) = 0;

    /// Data packs that became durable since the last call. Never waits.
    virtual std::vector<StoredPack> take_durable() = 0;

    /// `pack` was found whole in the repository, named by no entry yet: finish() makes it durable, puts a copy of its
    /// slot table into the metadata pack, and returns it among its packs.
    virtual void adopt(const StoredPack& pack) = 0;

    /// Closes and makes durable the data packs, then the metadata packs with a copy of each data pack's slot table.
    /// Returns all of them, data first: what the commit entry names.
    virtual std::vector<StoredPack> finish() = 0;

    /// Bytes added to the repository by packs that are durable so far.
    virtual ByteCount bytes_stored() const = 0;
};

/// What is wrong with a pack or one slot of it.
struct PackDamage {
    std::optional<std::uint32_t> slot;  ///< nullopt: the pack as a whole
    std::string message;                ///< one sentence with the file, offset, expected and found
};

enum class PackCheck { trailer, whole };

using ChunkSink = std::function<void(std::size_t index, ByteView plain)>;

class ChunkStore {
public:
    virtual ~ChunkStore() = default;

    virtual std::unique_ptr<PackSession> begin_session() = 0;

    /// Hands the plain bytes of every address to `sink`, with its index in `addresses`, each checked against its id,
    /// in the order that reads least (by pack and frame), on the caller's thread. Resolves moves and patches; a pack
    /// that is not there is Error(not_found). Safe from many threads.
    virtual void get(std::span<const ChunkAddress> addresses, const ChunkSink& sink) const = 0;

    /// One metadata slot's plain bytes, checked against its id. `kind` is what the caller expects there.
    virtual Bytes get_metadata(const ChunkAddress& address, SlotKind kind) const = 0;

    /// The pack's facts and slot table from its own footer and trailer, without the directory. With PackCheck::whole
    /// every byte is read and the digest proved (an orphan is adopted only so). Error(not_found) when it is not there.
    virtual StoredPack read_pack(const PackId& id, PackCheck check) const = 0;

    /// The copies of other packs' slot tables inside metadata pack `pack`, read with its own trailer alone.
    virtual std::vector<std::pair<PackId, std::shared_ptr<const SlotTable>>> read_slot_table_copies(
        const StoredPack& pack) const = 0;

    /// One metadata slot of a pack that no directory knows yet (a move table, while the log is read).
    virtual Bytes read_slot(const StoredPack& pack, std::uint32_t slot) const = 0;

    /// Names of all packs that are in the repository now; a listing may lag behind.
    virtual std::vector<PackId> list_packs() const = 0;

    /// Reads every byte of the pack: its digest against `facts` and each slot against its id (patches with their base).
    /// Tells each damage and goes on. Returns chunks and plain bytes checked.
    struct CheckedPack {
        std::uint64_t slots = 0;
        ByteCount plain;
    };
    virtual CheckedPack check_pack(const PackFacts& facts,
                                   const std::function<void(const PackDamage&)>& damage) const = 0;
};

}  // namespace varve
