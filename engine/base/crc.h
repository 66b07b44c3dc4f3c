#pragma once
/// The 32-bit cyclic redundancy checks of on-disk formats. All of them process bits least significant first; they
/// differ in polynomial, in what the register holds before the first byte, and in whether the result is inverted.
///
///     function     polynomial   register at first   inverted at last   of "123456789"
///     crc32        0x04c11db7   0xffffffff          yes                0xcbf43926
///     lvm_crc32    0x04c11db7   0xf597a6cf          no                 0x4991cf02
///     crc32c       0x1edc6f41   0xffffffff          yes                0xe3069283
///
/// Pure; safe from any thread.

#include "engine/base/bytes.h"

namespace varve {

/// CRC-32 as in zlib and Ethernet. Of GPT headers and of their entries (UEFI specification, chapter 5.3.2).
std::uint32_t crc32(ByteView bytes);

inline constexpr std::uint32_t lvm_crc32_start = 0xf597a6cf;

/// The checksum of LVM2's labels, metadata area headers and metadata texts (lvm2, lib/misc/crc.c). If `before` is the
/// checksum of the preceding bytes, the result is that of both together.
std::uint32_t lvm_crc32(ByteView bytes, std::uint32_t before = lvm_crc32_start);

/// CRC-32C (Castagnoli), as in iSCSI. Device-mapper's persistent data, such as the metadata of a thin pool, stores
/// ~crc32c(bytes) ^ X: without the final inversion, and with a different X for each kind of block (the kernel's
/// dm_bm_checksum()).
std::uint32_t crc32c(ByteView bytes);

}  // namespace varve
