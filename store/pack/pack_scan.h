#pragma once
/// Finds what survives of a pack whose slot table or frames are damaged, from the frame headers alone: each lists its
/// slots and is bound to its pack by its checksum.

#include <optional>
#include <vector>

#include "store/backend/backend.h"
#include "store/pack/pack_layout.h"

namespace varve {

struct ScannedPack {
    std::vector<FrameHeader>
        frames;         ///< in file order; ordinals and slot numbers ascend, with gaps where frames are lost
    ByteCount skipped;  ///< bytes between frames that could not be interpreted

    /// The slot table, if no frame is missing between the first and the last one found. (Frames lost at the end leave
    /// no trace.)
    std::optional<SlotTable> slot_table() const;
};

/// Reads the whole pack file `id`. Does not check payloads: check the slots that matter by their ids.
/// Error(not_found) if the file is missing; damage is not an error.
ScannedPack scan_pack(const Backend& backend, const PackId& id);

}  // namespace varve
