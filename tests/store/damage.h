#pragma once
/// Every truncation of an object and every single flipped bit.

#include <functional>

#include "engine/base/bytes.h"

namespace varve {

inline void for_each_truncation(const Bytes& whole, const std::function<void(const Bytes&)>& use) {
    for (std::size_t length = 0; length < whole.size(); ++length)
        use(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
}

inline void for_each_flipped_bit(const Bytes& whole, const std::function<void(const Bytes&, std::size_t byte)>& use) {
    Bytes damaged = whole;
    for (std::size_t i = 0; i < whole.size(); ++i)
        for (unsigned bit = 0; bit < 8; ++bit) {
            damaged[i] ^= std::byte{1} << bit;
            use(damaged, i);
            damaged[i] = whole[i];
        }
}

}  // namespace varve
