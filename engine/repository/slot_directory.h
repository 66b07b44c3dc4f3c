#pragma once
/// Answers where a slot lies, without touching a pack: the seam between those who read packs (store/) and the one who
/// remembers their slot tables and the move tables (catalog/). Safe from many threads.

#include <memory>
#include <optional>

#include "engine/repository/slot_table.h"

namespace varve {

class SlotDirectory {
public:
    virtual ~SlotDirectory() = default;

    /// The slot table of `pack`. Throws Error(not_found) for a pack that neither the log nor this host knows.
    virtual std::shared_ptr<const SlotTable> slots(const PackId& pack) const = 0;

    /// Where the content of `address` lies now: `address` itself unless move entries say otherwise; nullopt when its
    /// pack was condemned and no table names it (the content is gone).
    virtual std::optional<ChunkAddress> current(const ChunkAddress& address) const = 0;
};

}  // namespace varve
