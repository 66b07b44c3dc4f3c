#pragma once
/// A patch: the 4 KiB blocks of a chunk that differ from a base chunk (FORMAT.md section 5).

#include "engine/repository/slot_table.h"

namespace varve {

/// Turns `chunk`, which holds the base (chunk_bytes), into the chunk that patch slot `slot` describes; `blocks` is the
/// slot's content. Lengths were checked when the slot was parsed.
void apply_patch(const Slot& slot, ByteView blocks, ByteSpan chunk);

}  // namespace varve
