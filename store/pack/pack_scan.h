#pragma once
/// Finds what survives of a pack whose slot table or frames are damaged, from the frame headers alone: each says which
/// slots it holds and is bound to its pack by its checksum.

#include <optional>
#include <vector>

#include "store/backend/backend.h"
#include "store/pack/pack_layout.h"

namespace varve {

struct ScannedPack {
    std::vector<FrameHeader>
        frames;         ///< in file order; ordinals and slot numbers ascend, with gaps where frames are lost
    ByteCount skipped;  ///< bytes between frames that made no sense

    /// The slot table, if no frame is missing from the first to the last found. (Frames lost at the end leave no
    /// trace.)
    std::optional<SlotTable> slot_table() const;
};

/// Reads the whole pack file `id`. Payloads are not looked at: check the slots that matter by their ids.
/// Error(not_found) when it is missing; damage is no error.
ScannedPack scan_pack(const Backend& backend, const PackId& id);

}  // namespace varve
