#pragma once
/// Reads plain bytes from where they are stored encrypted.

#include "formats/base/byte_source.h"
#include "formats/crypt/sector_cipher.h"

namespace varve::crypt {

/// Fills `out` with the plain bytes that are stored at `at` of `source`, and returns how many bytes were read from the
/// medium. `numbered` is the position that gives the sectors their numbers: byte 0 of it begins sector 0; it and `at`
/// are equally far into a sector. Throws what ByteSource::read_at() throws.
ByteCount decrypted_read(const ByteSource& source, ByteOffset at, ByteOffset numbered, const SectorCipher& cipher,
                         ByteSpan out);

}  // namespace varve::crypt
