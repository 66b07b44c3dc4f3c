#pragma once
/// A pack as seen outside the store: an immutable file of frames with a random name.

#include <cstdint>

#include "engine/base/digest.h"
#include "engine/base/random_id.h"
#include "engine/base/units.h"

namespace varve {

enum class PackKind : std::uint8_t {
    data = 1,      ///< guest bytes
    metadata = 2,  ///< map pages, slot-table copies, move tables, attachments
};

/// What a log entry states about a pack: enough to recognise the file that it means.
struct PackFacts {
    PackId id;
    PackKind kind = PackKind::data;
    Digest digest;  ///< SHA-256 of the whole pack except its last field: the value in its footer
    ByteCount size;
    friend bool operator==(const PackFacts&, const PackFacts&) = default;
};

}  // namespace varve
