#pragma once
/// Looks into the packs of a repository without the engine, for tests that count.

#include <map>

#include "engine/repository/chunk_store.h"

namespace varve::test {

/// How often each chunk id occurs in the existing data packs, committed or not.
inline std::map<ChunkId, int> chunk_copies(const ChunkStore& chunks) {
    std::map<ChunkId, int> copies;
    for (const PackId& id : chunks.list_packs()) {
        const StoredPack pack = chunks.read_pack(id, PackCheck::trailer);
        for (const Slot& slot : pack.slots->slots)
            if (slot.kind == SlotKind::chunk || slot.kind == SlotKind::patch) ++copies[slot.id];
    }
    return copies;
}

inline int chunks_stored_twice(const ChunkStore& chunks) {
    int twice = 0;
    for (const auto& [id, count] : chunk_copies(chunks)) twice += count > 1 ? 1 : 0;
    return twice;
}

}  // namespace varve::test
