#pragma once
/// The envelope of small objects (config, log entries, checkpoints, leases; FORMAT.md section 3): the id of the
/// repository, a body, and a SHA-256 of everything, so that any flipped bit is detected. Pure functions.

#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/random_id.h"

namespace varve {

inline constexpr std::string_view config_magic = "VARVECFG";
inline constexpr std::string_view log_entry_magic = "VARVELOG";
inline constexpr std::string_view checkpoint_magic = "VARVECKP";
inline constexpr std::string_view lease_magic = "VARVELSE";

inline constexpr std::size_t envelope_body_bytes_max = 64u << 20;
inline constexpr std::size_t envelope_extra_bytes = 80 + 112;
inline constexpr std::size_t envelope_bytes_max = envelope_body_bytes_max + envelope_extra_bytes;

struct Envelope {
    RepositoryId repository;
    ByteView body;  ///< borrowed from the bytes that were opened
};

/// The bytes of an object with this body, neither encrypted nor signed. Error(usage) for a body that is too long.
Bytes seal_envelope(std::string_view magic, const RepositoryId& repository, ByteView body);

/// Error(corrupt) that names `object` unless magic, digest and lengths are right; Error(unsupported) for an encrypted
/// object or one of a newer version.
Envelope open_envelope(ByteView bytes, std::string_view magic, const std::string& object);

}  // namespace varve
