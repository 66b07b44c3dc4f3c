#pragma once
/// Knows where a slot is without touching a pack: the seam between the readers of packs (store/) and the catalog, which
/// remembers their slot tables and the move tables (catalog/). Safe from many threads.

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/repository/slot_table.h"

namespace varve {

class SlotDirectory {
public:
    virtual ~SlotDirectory() = default;

    /// The slot table of `pack`. Throws Error(not_found) for a pack that neither the log nor this host knows.
    virtual std::shared_ptr<const SlotTable> slots(const PackId& pack) const = 0;

    /// Where the content of `address` is now: `address` itself unless move entries moved it; nullopt when its
    /// pack was condemned and no table names it (the content is gone).
    virtual std::optional<ChunkAddress> current(const ChunkAddress& address) const = 0;

    /// current() of each, as of one moment. Many at once cost much less than one by one.
    virtual std::vector<std::optional<ChunkAddress>> all_current(std::span<const ChunkAddress> addresses) const = 0;
};

}  // namespace varve
