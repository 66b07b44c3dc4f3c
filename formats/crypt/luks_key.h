#pragma once
/// Opens a LUKS volume: finds the key slot that the secret fits and derives the master key from it.

#include "formats/crypt/luks_header.h"
#include "formats/crypt/secret_file.h"

namespace varve::crypt {

/// The master key of the volume whose header is at `begin` of `source`. Takes as long as the header's iterations
/// demand: Error(refused) for what would exceed two minutes in all, and for a secret that fits no slot. The message
/// names slots that could not be tried because they are damaged.
KeyBytes unlock(const ByteSource& source, ByteOffset begin, const LuksHeader& header, const SecretFile& secret);

}  // namespace varve::crypt
