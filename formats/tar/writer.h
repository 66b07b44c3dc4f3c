#pragma once
/// The blocks of a new tar archive: 512 bytes of header before each member, its bytes, zeros to a whole block; two
/// blocks of zeros at the end. Plain ustar headers of regular files, with nothing in them of the host that wrote them;
/// a member of 8 GiB or more has its length in base 256, as GNU tar writes it and all of its readers take it. Pure.
///
/// Source: POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/units.h"

namespace varve::tar {

inline constexpr ByteCount block{512};
inline constexpr ByteCount end_of_archive{2 * block.value};
inline constexpr std::size_t name_bytes_max = 100;

struct NewMember {
    std::string name;  ///< can_name() says yes
    ByteCount length;
    std::uint64_t modified = 0;  ///< seconds since 1970, below 2^33
};

/// Whether a header holds `name`, and it is the plain name of a file: 1–100 bytes, no '/', no NUL, neither "." nor
/// "..".
bool can_name(std::string_view name);

/// One block.
Bytes encode_header(const NewMember& member);

/// Whole blocks.
ByteCount padded(ByteCount length);

}  // namespace varve::tar
