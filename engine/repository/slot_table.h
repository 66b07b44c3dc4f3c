#pragma once
/// The slot table of a pack: what each of its slots holds, and in which frame. It is at the end of the pack (its
/// trailer), is copied to a metadata pack, and the catalog keeps it as one blob. Bytes: store/FORMAT.md section 5. A
/// plain value; a const one may be read from many threads.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/repository/slot.h"

namespace varve {

struct SlotTable {
    std::vector<Frame> frames;
    std::vector<Slot> slots;
    std::vector<PatchBase> patch_bases;  ///< ascending by slot, one for every patch slot

    /// The base of patch slot `slot`.
    const ChunkAddress& base_of(std::uint32_t slot) const;
    friend bool operator==(const SlotTable&, const SlotTable&) = default;
};

Bytes encode(const SlotTable& table);

/// Throws Error(corrupt) that names `object` unless every index, offset and length fits; nothing is allocated before
/// the counts are checked against the bytes present.
SlotTable parse_slot_table(ByteView bytes, const std::string& object);

}  // namespace varve
