#pragma once
/// The header of a copy-on-write file of User-Mode Linux, versions 1 to 3. Early versions were written as the compiler
/// laid them out, so each has several layouts, told apart by where the sector size of 512 is. Every field is checked
/// against its limits and against the file. Source: Linux arch/um/drivers/cow_user.c; block/cow.c of old QEMU releases,
/// whose version 2 has a shorter name.

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/units.h"
#include "formats/base/byte_source.h"

namespace varve::uml_cow {

inline constexpr std::uint64_t sector_bytes = 512;

struct Header {
    unsigned version = 0;
    ByteCount virtual_size;
    std::string backing_name;  ///< empty: none
    /// A bit for each sector, the lowest of a byte first: whether the sector is in this file. In versions before 3 the
    /// last bits may be missing.
    ByteRange bitmap;
    ByteOffset data;  ///< of sector 0; each sector has its place
};

/// Whether a file that begins with `start` is one.
bool has_magic(std::string_view start);

/// Throws Error(corrupt | unsupported) that names the field. One read of at most 8 KiB.
Header read_header(const ByteSource& file);

/// Error(corrupt): `what` states the place, what was expected and what was found. No tool checks or repairs these
/// files.
Error corrupt(const ByteSource& file, std::string_view what);

}  // namespace varve::uml_cow
