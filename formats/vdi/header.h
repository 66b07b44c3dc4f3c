#pragma once
/// The header of a VDI image, VirtualBox's disk format: version 1.1 and the old 0.2. Every field is checked against its
/// limits and against the file before it is used. Source: VirtualBox VDICore.h; qemu block/vdi.c.
///
/// Version 1.1, all little-endian:
///
///     0    text[64]            64   magic, version       72  length of what follows    76  type, flags
///     84   comment[256]        340  offset of the block map, offset of the first block  348 geometry
///     368  size of the disk    376  block size           380 extra bytes before each block
///     384  blocks in the map   388  blocks with data     392 UUIDs: own, modification, parent's, parent's modification
///
/// Version 0.2 has neither lengths nor offsets: the block map follows the header, and the blocks follow the map.

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "formats/base/byte_source.h"
#include "formats/base/uuid.h"

namespace varve::vdi {

// Entries of the block map that are not the place of a block.
inline constexpr std::uint32_t block_free = 0xffffffff;  ///< never written: the parent's, or zeros
inline constexpr std::uint32_t block_zero = 0xfffffffe;  ///< zeros, whatever the parent has

inline constexpr std::size_t map_entry_bytes = 4;

enum class ImageType : std::uint32_t {
    dynamic = 1,       ///< a block gets a place when it is first written
    fixed = 2,         ///< "static": every block has its place
    undo = 3,          ///< no release makes one; not read
    differencing = 4,  ///< over a parent, identified only by its UUID
};

struct Header {
    std::uint32_t version = 0;
    ImageType type = ImageType::dynamic;
    ByteOffset map;            ///< 4 bytes for each block
    ByteOffset data;           ///< of block 0, with its extra bytes before it
    ByteCount virtual_size;    ///< exact bytes
    ByteCount block_size;      ///< a power of two, at least 512
    ByteCount block_extra;     ///< bytes before each block that do not belong to the guest
    std::uint32_t blocks = 0;  ///< entries of the map; enough for the disk, and all inside the file
    std::uint32_t blocks_allocated = 0;
    Uuid create;         ///< identifies the image
    Uuid modify;         ///< a new one each time that the image was open for writing
    Uuid parent;         ///< `create` of the parent; null: none
    Uuid parent_modify;  ///< `modify` of the parent when it became one; null: not recorded

    bool is_differencing() const { return type == ImageType::differencing; }
    ByteRange map_range() const { return {map, ByteCount{std::uint64_t{blocks} * map_entry_bytes}}; }
};

/// Reads and checks the header. Throws Error(corrupt) for a field outside its limits, Error(unsupported) for a version
/// or type that is not read. One small read.
Header read_header(const ByteSourcePtr& device);

/// The first sector of a new image, version 1.1 as VirtualBox writes it, whatever `header.version` is. `header` has
/// neither a parent nor extra bytes.
Bytes encode_header(const Header& header);

/// The identity of any file; nothing if it can't be read or is not a VDI image of a known version. Checks nothing else.
std::optional<DiskIdentity> peek_identity(const ByteSourcePtr& source);

/// Error(corrupt): "'a.vdi' at byte 384: `what`", and what to do about it.
Error corrupt(const ByteSourcePtr& device, ByteOffset at, std::string_view what);

}  // namespace varve::vdi
