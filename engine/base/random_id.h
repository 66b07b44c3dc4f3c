#pragma once
/// 128 random bits as a unique name of a pack, a snapshot or a repository. Distinct types, so that one is never passed
/// for another.

#include <array>
#include <compare>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/hex.h"
#include "engine/base/random.h"

namespace varve {

template <typename Tag>
struct RandomId {
    std::array<std::byte, 16> bytes{};

    static RandomId make() {
        RandomId id;
        random_bytes(id.bytes);
        return id;
    }

    ByteView view() const { return bytes; }
    std::string hex() const { return to_hex(bytes); }
    /// All bytes zero: "none" in on-disk fields.
    bool is_none() const { return is_zero(bytes); }
    friend auto operator<=>(const RandomId&, const RandomId&) = default;
};

/// The first 8 hex digits, which people see and type.
template <typename Tag>
std::string short_id(const RandomId<Tag>& id) {
    return id.hex().substr(0, 8);
}

using PackId = RandomId<struct PackTag>;
using SnapshotId = RandomId<struct SnapshotTag>;
using RepositoryId = RandomId<struct RepositoryTag>;

}  // namespace varve

template <typename Tag>
struct std::hash<varve::RandomId<Tag>> {
    std::size_t operator()(const varve::RandomId<Tag>& id) const noexcept {
        return varve::load_le<std::uint64_t>(id.view().first(8));
    }
};
