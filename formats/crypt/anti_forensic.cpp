#include "formats/crypt/anti_forensic.h"

#include <algorithm>
#include <array>

#include "engine/base/check.h"
#include "engine/base/random.h"

namespace varve::crypt {
namespace {

/// Replaces each part of `block` as long as a hash by the hash of the part's number and its bytes; the last part may be
/// shorter, and then so is its hash.
void diffuse(Hash hash, ByteSpan block) {
    std::array<std::byte, hash_bytes_max> digest{};
    const ByteSpan out = ByteSpan(digest).first(hash_bytes(hash));
    std::uint32_t number = 0;
    for (std::size_t at = 0; at < block.size(); at += out.size()) {
        const ByteSpan part = block.subspan(at, std::min(out.size(), block.size() - at));
        std::array<std::byte, 4> counter{};
        store_be(ByteSpan(counter), number++);
        hash_of(hash, {counter, part}, out);
        std::copy_n(out.begin(), part.size(), part.begin());
    }
}

void exclusive_or(ByteSpan to, ByteView with) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] ^= with[i];
}

/// All stripes but the last, folded into one.
KeyBytes folded(Hash hash, ByteView stripes, std::size_t key_bytes) {
    KeyBytes sum(key_bytes);
    for (std::size_t at = 0; at < stripes.size(); at += key_bytes) {
        exclusive_or(sum, stripes.subspan(at, key_bytes));
        diffuse(hash, sum);
    }
    return sum;
}

}  // namespace

KeyBytes merge_stripes(Hash hash, ByteView stripes, std::size_t key_bytes) {
    VARVE_CHECK(key_bytes > 0 && !stripes.empty() && stripes.size() % key_bytes == 0);
    KeyBytes key = folded(hash, stripes.first(stripes.size() - key_bytes), key_bytes);
    exclusive_or(key, stripes.last(key_bytes));
    return key;
}

KeyBytes split_into_stripes(Hash hash, ByteView key, std::uint32_t count) {
    VARVE_CHECK(count > 0);
    KeyBytes stripes(key.size() * count);
    const ByteSpan first = ByteSpan(stripes).first(stripes.size() - key.size());
    random_bytes(first);
    const KeyBytes sum = folded(hash, first, key.size());
    const ByteSpan last = ByteSpan(stripes).last(key.size());
    std::copy(key.begin(), key.end(), last.begin());
    exclusive_or(last, sum);
    return stripes;
}

}  // namespace varve::crypt
