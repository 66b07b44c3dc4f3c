#pragma once
/// The compressed form of a grain: one zlib stream. Safe from many threads.
/// Source: RFC 1950.

#include "engine/base/bytes.h"

namespace varve::vmdk {

/// The longest stream that a grain of `length` bytes can become.
std::size_t deflated_bytes_max(std::size_t length);

/// Compresses `grain` to the begin of `out`, which has deflated_bytes_max() bytes; gives the length of the stream. The
/// same grain gives the same stream with one version of libdeflate.
std::size_t deflate_grain(ByteView grain, ByteSpan out);

}  // namespace varve::vmdk
