#include "catalog/seal.h"

#include <xxhash.h>

namespace varve {

Seal& Seal::add(ByteView bytes) {
    add(bytes.size());
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
}

Seal& Seal::add_integer(std::uint64_t value) {
    bytes_.resize(bytes_.size() + sizeof(value));
    store_le<std::uint64_t>(ByteSpan(bytes_).last(sizeof(value)), value);
    return *this;
}

std::uint64_t Seal::value() const { return seal_of(0, bytes_); }

std::uint64_t seal_of(std::uint64_t place, ByteView bytes) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), place);
}

}  // namespace varve
