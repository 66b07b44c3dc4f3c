#pragma once
/// One header block of a tar archive: what kind of member follows, its name and how many bytes it has. Source: POSIX.1
/// pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
///
///     0 name 100 | 100 mode, owner, group | 124 size 12 | 136 time | 148 checksum 8 | 156 type 1 | 157 link name 100
///     257 magic 6, version 2 | 265 owner and group by name, device | 345 prefix 155 | 500 to 512 nothing
///
/// Plain values; safe from any thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "engine/base/units.h"
#include "formats/base/byte_source.h"

namespace varve::tar {

inline constexpr std::uint64_t block_bytes = 512;

struct Header {
    std::string name;  ///< with the prefix of ustar before it; untrusted
    ByteCount size;    ///< as the field tells; below 2^63
    char type = '0';   ///< the type flag; NUL becomes '0'
};

/// Whether `block` has the magic of POSIX or GNU and the right checksum.
bool is_header(ByteView block);

/// Reads a block that is not all zeros. The checksum may be the sum of unsigned or of signed bytes; the magic may be
/// absent (the tar of Unix version 7). Throws Error(corrupt) with the block's place, expected and found.
Header parse_header(ByteView block, const ByteSource& archive, ByteOffset at);

/// Error(corrupt) about what lies at `at`; `what` names the field, the expected and the found.
Error corrupt(const ByteSource& archive, ByteOffset at, std::string_view what);

/// Error(refused): what an archive may have but this version does not follow. `what` says so and what to do.
Error refused(const ByteSource& archive, ByteOffset at, std::string_view what);

}  // namespace varve::tar
