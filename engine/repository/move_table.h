#pragma once
/// Where slots are after a prune or a repair: sorted runs old address → new address. One table belongs to one move
/// entry; tables apply in log order, each at most once to an address. Bytes: store/FORMAT.md section 7.

#include <optional>
#include <string>
#include <vector>

#include "engine/repository/chunk.h"

namespace varve {

struct MoveRun {
    ChunkAddress from;
    std::uint32_t count = 0;
    ChunkAddress to;
    friend bool operator==(const MoveRun&, const MoveRun&) = default;
};

struct MoveTable {
    std::vector<MoveRun> runs;  ///< ascending by `from`, not overlapping

    /// The new address of `from`, or nullopt when the table does not name it.
    std::optional<ChunkAddress> find(const ChunkAddress& from) const;
    friend bool operator==(const MoveTable&, const MoveTable&) = default;
};

Bytes encode(const MoveTable& table);
/// Throws Error(corrupt) that names `object` for an unsorted, overlapping or cut table.
MoveTable parse_move_table(ByteView bytes, const std::string& object);

}  // namespace varve
