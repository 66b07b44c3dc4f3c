#pragma once
/// The packs of a repository: reads slots by address and writes new packs. Knows nothing of snapshots, nor which
/// chunks are equal: the engine looks ids up before it stores. Implemented in store/.

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

/// The packs that one job writes. Not shared between threads. What was put is durable only after finish(); what a
/// session made durable without ever finishing are orphans, which a later backup may adopt or a prune removes.
class PackSession {
public:
    virtual ~PackSession() = default;

    /// Stores a whole new chunk (exactly chunk_bytes); calls in guest order make good frames. Returns immediately
    /// with its final address: compression and writing continue in the background, with bounded memory.
    virtual ChunkAddress put_chunk(const ChunkId& id, const Fingerprint& fingerprint, ByteView plain) = 0;

    /// Stores a map page, a move table or an attachment in the session's metadata pack. Its slot id is its SHA-256.
    virtual ChunkAddress put_metadata(SlotKind kind, ByteView plain) = 0;

    /// Data packs that became durable since the last call. Never waits.
    virtual std::vector<StoredPack> take_durable() = 0;

    /// Adopts `pack`, which was found whole in the repository and which no entry names: finish() makes it durable, puts
    /// a copy of its slot table into the metadata pack, and returns it among its packs.
    virtual void adopt(const StoredPack& pack) = 0;

    /// Closes and makes durable the data packs, then the metadata packs with a copy of each data pack's slot table.
    /// Returns all of them, data packs first: those that the commit entry names.
    virtual std::vector<StoredPack> finish() = 0;

    /// Bytes added to the repository by packs that are durable so far.
    virtual ByteCount bytes_stored() const = 0;
};

/// What is wrong with a pack or one of its slots.
struct PackDamage {
    std::optional<std::uint32_t> slot;  ///< nullopt: the pack as a whole
    std::string message;                ///< one sentence with the file, offset, expected and found
    bool spoils_all = false;            ///< of the pack as a whole: a reader without a catalog finds none of its slots
};

enum class PackCheck { trailer, whole };

using ChunkSink = std::function<void(std::size_t index, ByteView plain)>;

class ChunkStore {
public:
    virtual ~ChunkStore() = default;

    virtual std::unique_ptr<PackSession> begin_session() = 0;

    /// Passes the plain bytes of every address to `sink`, with its index in `addresses`, each checked against its id,
    /// in the order that reads least (by pack and frame), on the caller's thread. Resolves moves and patches; a pack
    /// that does not exist is Error(not_found). Safe from many threads.
    virtual void get(std::span<const ChunkAddress> addresses, const ChunkSink& sink) const = 0;

    /// One metadata slot's plain bytes, checked against its id. `kind` is the kind that the caller expects.
    virtual Bytes get_metadata(const ChunkAddress& address, SlotKind kind) const = 0;

    /// The pack's facts and slot table from its own footer and trailer, without the directory. With PackCheck::whole
    /// every byte is read and the digest proved (required to adopt an orphan). Error(not_found) when it does not exist.
    virtual StoredPack read_pack(const PackId& id, PackCheck check) const = 0;

    /// The slot table of a pack whose trailer is damaged, from its frames; null when frames before the last one are
    /// lost, too. Reads the whole pack. Error(not_found) when it does not exist.
    virtual std::shared_ptr<const SlotTable> salvage_slots(const PackId& id) const = 0;

    /// The copies of other packs' slot tables in metadata pack `pack`, read with only its own trailer. Damaged copies
    /// are left out: each pack has its own table, too.
    virtual std::vector<std::pair<PackId, std::shared_ptr<const SlotTable>>> read_slot_table_copies(
        const StoredPack& pack) const = 0;

    /// One metadata slot of a pack that no directory knows yet (a move table, while the log is read).
    virtual Bytes read_slot(const StoredPack& pack, std::uint32_t slot) const = 0;

    /// Names of all packs in the repository now; a listing may lag behind.
    virtual std::vector<PackId> list_packs() const = 0;

    /// The length of the pack's file now, or nullopt when there is none. Reads nothing of it.
    virtual std::optional<ByteCount> pack_size(const PackId& id) const = 0;

    /// Deletes the pack, durably; it is not an error if it does not exist. Only for one that the log condemned.
    virtual void remove_pack(const PackId& id) = 0;

    /// Holds the pack against `facts`, and its slot table against the directory's. With PackCheck::trailer only header
    /// and trailer are read; slots that the file is too short for are damaged. With PackCheck::whole every byte is
    /// read, and each slot is proved by its id (patches with their base). Reports each damage and continues. Returns
    /// the number of slots and plain bytes proved. Error(not_found) when it does not exist.
    struct CheckedPack {
        std::uint64_t slots = 0;
        ByteCount plain;
    };
    virtual CheckedPack check_pack(const PackFacts& facts, PackCheck check,
                                   const std::function<void(const PackDamage&)>& damage) const = 0;
};

}  // namespace varve
