#pragma once
/// One header block of a tar archive: what kind of member follows, its name and its length. Pax headers and GNU's long
/// names, which come before it as members of their own, are left to the reader of the archive. Source: POSIX.1-2017
/// pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
///
///     0 name 100 | 100 mode, 108 owner, 116 group 8 each | 124 size 12 | 136 time 12 | 148 checksum 8 | 156 type 1
///     157 link name 100 | 257 magic 6, version 2 | 265 owner and group by name 32 each | 329 device numbers 8 each
///     345 prefix 155 | 500 to 512 unused
///
/// An archive is a sequence of members (a header, its bytes, zeros up to a whole block) and ends with two zero blocks.
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
inline constexpr ByteCount header_length{block_bytes};
inline constexpr ByteCount end_of_archive{2 * block_bytes};
inline constexpr std::size_t name_bytes_max = 100;

struct Header {
    std::string name;            ///< with the ustar prefix; untrusted
    ByteCount size;              ///< as in the field; below 2^63
    std::uint64_t modified = 0;  ///< seconds since 1970; 0 if the field makes no sense
    char type = '0';             ///< the type flag; NUL becomes '0'
};

/// Whether `block` has the magic of POSIX or GNU and a correct checksum.
bool is_header(ByteView block);

/// Whether `block` is meant to be a header: it has the magic, or, as the tar of Unix version 7 has none, a correct
/// checksum.
bool claims_a_header(ByteView block);

/// Parses a block that is not all zeros. The checksum may be the sum of unsigned or of signed bytes; the magic may be
/// absent (the tar of Unix version 7). Throws Error(corrupt) with the block's place, expected and found.
Header parse_header(ByteView block, const ByteSource& archive, ByteOffset at);

/// Whether encode_header() takes `name`, the plain name of a file: 1 to 100 bytes, no '/', no NUL, neither "." nor
/// "..".
bool can_name(std::string_view name);

/// One block: the ustar header of a regular file, with no trace of the host that writes it. A size of 8 GiB or more is
/// in base 256, as GNU tar writes it and its readers expect. `modified` is below 2^33, `type` is '0'.
Bytes encode_header(const Header& header);

/// `length` rounded up to whole blocks.
ByteCount padded(ByteCount length);

/// Error(corrupt) about the header at `at`; `what` names the field, the expected and the found.
Error corrupt(const ByteSource& archive, ByteOffset at, std::string_view what);

/// Error(refused): something that an archive may contain but varve does not follow. `what` names it and the remedy.
Error refused(const ByteSource& archive, ByteOffset at, std::string_view what);

}  // namespace varve::tar
