#pragma once
/// A new LUKS volume, version 1: AES-256 in XTS mode with plain64, keys by SHA-256, the secret in slot 0.

#include <chrono>

#include "formats/crypt/luks_header.h"
#include "formats/crypt/secret_file.h"

namespace varve::crypt {

/// What a volume begins with, and the cipher of its payload.
struct NewLuks {
    Bytes head;  ///< the header and the stripes of all slots: everything before the payload, 2 MiB as cryptsetup has it
    SectorCipher cipher;
};

/// The length of NewLuks::head.
inline constexpr ByteCount new_luks_head_bytes = mib(2);

/// `iteration_time` is how long deriving the key takes on this machine: longer makes guessing the secret more
/// expensive.
NewLuks make_luks(const SecretFile& secret, std::chrono::milliseconds iteration_time);

}  // namespace varve::crypt
