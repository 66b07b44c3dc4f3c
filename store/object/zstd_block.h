#pragma once
/// One zstd frame (RFC 8878) with its content size and a window of at most 16 MiB: the only kind that objects and packs
/// hold. Safe to use from many threads.

#include <string>

#include "engine/base/bytes.h"

namespace varve {

/// One frame that holds `plain`.
Bytes compress_zstd(ByteView plain);

/// Throws Error(corrupt) that names `object` for anything whose header is not that of a single frame of `plain_bytes`.
/// Reads nothing of the content.
void check_zstd_block(ByteView payload, std::uint64_t plain_bytes, const std::string& object);

/// Fills `plain` from `payload`, with that check first. Throws Error(corrupt) also when the content is damaged. Never
/// allocates what the payload requests.
void decompress_zstd(ByteView payload, ByteSpan plain, const std::string& object);

}  // namespace varve
