#include "store/pack/patch.h"

#include <algorithm>

#include "engine/base/check.h"

namespace varve {

void apply_patch(const Slot& slot, ByteView blocks, ByteSpan chunk) {
    VARVE_CHECK(slot.kind == SlotKind::patch && chunk.size() == chunk_bytes && blocks.size() == slot.length);
    for (std::size_t block = 0; block < chunk_bytes / patch_block_bytes; ++block) {
        if ((slot.patch_mask >> block & 1) == 0) continue;
        std::copy_n(blocks.begin(), patch_block_bytes,
                    chunk.begin() + static_cast<std::ptrdiff_t>(block * patch_block_bytes));
        blocks = blocks.subspan(patch_block_bytes);
    }
    VARVE_CHECK(blocks.empty());
}

}  // namespace varve
