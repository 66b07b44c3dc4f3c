#pragma once
/// The hash functions of LUKS version 1, by the names that its headers use. Pure functions; safe from any thread.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "engine/base/bytes.h"
#include "formats/crypt/key_bytes.h"

namespace varve::crypt {

enum class Hash : std::uint8_t { sha1, sha224, sha256, sha384, sha512 };

inline constexpr std::size_t hash_bytes_max = 64;

/// "sha256" and the like; nothing for a name that is not read.
std::optional<Hash> parse_hash(std::string_view name);

std::size_t hash_bytes(Hash hash);

/// The hash of `parts` in a row; `out` has hash_bytes().
void hash_of(Hash hash, std::initializer_list<ByteView> parts, ByteSpan out);

/// PBKDF2 with HMAC (RFC 8018): out.size() bytes from `secret`. Takes time in proportion to iterations times hashes.
void derive_key(Hash hash, ByteView secret, ByteView salt, std::uint32_t iterations, ByteSpan out);

}  // namespace varve::crypt
