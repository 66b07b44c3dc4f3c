#pragma once
/// The header of an expanding Parallels image (.hds, .hdd). Every field is checked against its limits and against the
/// file before it is used. Source: qemu docs/interop/parallels.txt; VirtualBox Parallels.cpp for the old magic.
///
/// All little-endian; a sector has 512 bytes:
///
///     0   magic[16]             16  version (2)             20  heads, cylinders
///     28  sectors in a cluster  32  entries in the table    36  sectors in the disk (64 bits)
///     44  in use                48  sector of the data      52  flags
///     56  sector of the format extension (64 bits)          64  the table of clusters
///
/// The magic decides what an entry of the table counts: sectors (the old one, WithoutFreeSpace) or clusters
/// (WithouFreSpacExt).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "formats/base/byte_source.h"

namespace varve::parallels {

inline constexpr std::string_view old_magic = "WithoutFreeSpace";
inline constexpr std::string_view extended_magic = "WithouFreSpacExt";
inline constexpr std::size_t header_bytes = 64;
inline constexpr std::size_t entry_bytes = 4;
inline constexpr ByteCount sector{512};

enum class InUse : std::uint32_t {
    unrecorded = 0,       ///< last written by a program that knows no format extension
    closed = 0x312e3276,  ///< "v2.1"
    open = 0x746f6e59,    ///< "Yont": a program has it open, or never closed it
};

struct Header {
    bool is_extended = true;        ///< by the magic
    ByteCount virtual_size;         ///< whole sectors
    ByteCount cluster_size;         ///< any number of sectors, less than 2 GiB
    std::uint32_t entries = 0;      ///< of the table; enough for the disk, and all inside the file
    InUse in_use = InUse::closed;   ///< other values occur, and mean nothing
    std::uint32_t data_sector = 0;  ///< where the first cluster may be; 0 in old images: right after the table
    std::uint32_t flags = 0;
    std::uint64_t extension_sector = 0;  ///< 0: none

    ByteRange table() const { return {ByteOffset{header_bytes}, ByteCount{std::uint64_t{entries} * entry_bytes}}; }
    /// What an entry of the table is multiplied by.
    ByteCount entry_unit() const { return is_extended ? cluster_size : sector; }
    /// Whether the image states that it holds no data.
    bool claims_to_be_empty() const { return (flags & 1) != 0; }
};

/// Reads and checks the header. Throws Error(corrupt) for a field outside its limits, Error(unsupported) for a version
/// that is not read. One small read.
Header read_header(const ByteSourcePtr& device);

/// Sentences about fields that the disk does not depend on.
std::vector<std::string> header_warnings(const ByteSource& device, const Header& header);

/// The first 64 bytes of a new image with the extended magic. `header` has no format extension.
Bytes encode_header(const Header& header);

/// Error(corrupt): "'a.hds' at byte 32: `what`", and what to do about it.
Error corrupt(const ByteSource& device, ByteOffset at, std::string_view what);

}  // namespace varve::parallels
