#pragma once
/// The header of LUKS version 1: the cipher, and eight key slots, each with the master key under one secret. It is at
/// the start of a LUKS volume, in a file of its own (a detached header), or in clusters of a qcow2 image. Plain values.
/// Source: LUKS On-Disk Format Specification 1.2.3. All fields are big-endian:
///
///     0    magic, version        8    cipher, its mode and the hash, 32 characters each
///     104  payload offset        108  bytes of the master key   112  its digest, salt and iterations
///     168  UUID                  208  eight slots: state, iterations, salt, offset of the stripes, number of stripes
///
/// Offsets count sectors of 512 bytes from the start of the header.

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/units.h"
#include "formats/base/byte_source.h"
#include "formats/crypt/sector_cipher.h"

namespace varve::crypt {

inline constexpr std::size_t luks_header_bytes = 592;
inline constexpr std::size_t luks_slots = 8;
inline constexpr std::size_t luks_salt_bytes = 32;
inline constexpr std::size_t luks_digest_bytes = 20;

struct LuksSlot {
    bool is_active = false;
    std::uint32_t iterations = 0;
    std::array<std::byte, luks_salt_bytes> salt{};
    ByteOffset stripes;  ///< from the start of the header
    std::uint32_t stripe_count = 0;
    std::string problem = {};  ///< why an active slot cannot be used: a field outside its limits; else empty
};

struct LuksHeader {
    CipherSpec cipher;
    Hash hash = Hash::sha256;
    ByteOffset payload;  ///< from the start of the header; not checked
    std::array<std::byte, luks_digest_bytes> digest{};
    std::array<std::byte, luks_salt_bytes> salt{};
    std::uint32_t iterations = 0;  ///< of the digest
    std::string uuid = {};
    std::array<LuksSlot, luks_slots> slots{};
};

/// Whether `start` begins with the magic of LUKS and this version.
bool is_luks(std::string_view start, std::uint16_t version);

/// The header in `place` of `source`, which holds the stripes, too. Throws Error(unsupported), naming it, for another
/// version, cipher or hash; Error(corrupt) for a field outside its limits. One small read.
LuksHeader read_luks_header(const ByteSource& source, ByteRange place);

/// The bytes of the header.
Bytes encode_luks_header(const LuksHeader& header);

}  // namespace varve::crypt
