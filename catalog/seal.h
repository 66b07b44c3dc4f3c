#pragma once
/// The checksum of one row or blob: XXH3-64 over its fields. SQLite does not detect a flipped bit in a row; every
/// row that varve trusts carries its seal, and sums of seals reveal a missing row. Guards against accidents
/// only.

#include <concepts>
#include <cstdint>
#include <string_view>

#include "engine/base/bytes.h"

namespace varve {

class Seal {
public:
    /// `kind` keeps rows of different tables apart.
    explicit Seal(std::string_view kind) { add(kind); }

    template <std::integral T>
    Seal& add(T value) {
        return add_integer(static_cast<std::uint64_t>(value));
    }
    /// Texts and blobs include their length, so that adjacent fields cannot be confused.
    Seal& add(std::string_view text) { return add(bytes_of(text)); }
    Seal& add(ByteView bytes);

    std::uint64_t value() const;

private:
    Seal& add_integer(std::uint64_t value);

    Bytes bytes_;
};

/// XXH3-64 of `bytes`, bound to `place` so that a valid page in the wrong place does not pass.
std::uint64_t seal_of(std::uint64_t place, ByteView bytes);

}  // namespace varve
