#pragma once
/// Checks one pack: its header and trailer alone, or every byte of it: its digest, each frame header and each slot.
/// Damage is data: it is reported slot by slot, and the check continues.

#include "engine/repository/chunk_store.h"
#include "store/pack/slot_reader.h"

namespace varve {

/// As ChunkStore::check_pack. `slots` is a copy of this pack's slot table from elsewhere, or nullptr; it is used if the
/// pack's own table is damaged. Bases of patches are read through `reader`.
ChunkStore::CheckedPack check_pack(const Backend& backend, const RepositoryId& repository, const PackFacts& facts,
                                   PackCheck check, std::shared_ptr<const SlotTable> slots, const SlotReader& reader,
                                   const std::function<void(const PackDamage&)>& damage);

}  // namespace varve
