#pragma once
/// The magic numbers of binary VMDK files, and which of them a file begins with.

#include "formats/base/byte_source.h"

namespace varve::vmdk {

inline constexpr std::uint32_t hosted_magic = 0x564d444b;    ///< "KDMV"
inline constexpr std::uint32_t cowd_magic = 0x44574f43;      ///< "COWD"
inline constexpr std::uint64_t sesparse_magic = 0xcafebabe;  ///< of 64 bits

inline constexpr std::size_t hosted_header_bytes = 512;  ///< of a "KDMV" file

enum class Magic : std::uint8_t {
    none,  ///< the text of a descriptor, or anything else
    hosted,
    cowd,
    sesparse,
};

/// Throws Error(corrupt) for a "KDMV" file that ends before its header does.
Magic magic_of(const ByteSourcePtr& device);

}  // namespace varve::vmdk
