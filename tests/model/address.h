#pragma once

#include <compare>
#include <cstddef>
#include <string>

#include "tests/model/state_hash.h"

namespace varve::model {

using Chunk = unsigned;       ///< The bytes of a chunk: equal numbers are equal bytes.
using SnapshotId = unsigned;  ///< Fresh for every backup.
using PackId = unsigned;      ///< Fresh for every pack (unless Rule::fresh_pack_ids is off).
using ActorIndex = std::size_t;

/// Where a chunk was first written. It never changes; move tables show where the chunk is now.
struct Address {
    PackId pack = 0;
    std::size_t slot = 0;

    void add_to(StateHash& hash) const {
        hash.add(pack);
        hash.add(slot);
    }
    std::string text() const { return std::to_string(pack) + "/" + std::to_string(slot); }
    friend auto operator<=>(const Address&, const Address&) = default;
};

}  // namespace varve::model
