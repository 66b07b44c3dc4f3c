#pragma once
/// LUKS's anti-forensic splitter: a key is stored as many stripes, all of which are needed to get it back, so that a
/// key that was overwritten anywhere is gone. Pure functions. Source: LUKS On-Disk Format Specification 1.2.3, 2.4.

#include "formats/crypt/hash.h"
#include "formats/crypt/key_bytes.h"

namespace varve::crypt {

/// The key of `key_bytes` bytes in `stripes`, whose length is a multiple of that.
KeyBytes merge_stripes(Hash hash, ByteView stripes, std::size_t key_bytes);

/// `key` as `count` stripes, all but the last of them random.
KeyBytes split_into_stripes(Hash hash, ByteView key, std::uint32_t count);

}  // namespace varve::crypt
