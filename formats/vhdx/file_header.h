#pragma once
/// The current header of a VHDX file. A file has two of them, of which the one with the higher sequence number counts:
/// a writer replaces the other one, so that one is always whole. Source: MS-VHDX 2.2.2. All fields are little-endian:
///
///     0  "head"     4  CRC-32C of the 4096 bytes     8  sequence number   16 GUIDs: file write, data write, log
///     64 version of the log, of the file             68 length of the log, its place

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "formats/base/byte_source.h"
#include "formats/base/uuid.h"

namespace varve::vhdx {

inline constexpr std::size_t header_bytes = 4096;
inline constexpr ByteOffset first_header{64 << 10};
inline constexpr ByteOffset second_header{128 << 10};
inline constexpr std::uint64_t unit = 1 << 20;  ///< everything after the first MiB is aligned to it

struct FileHeader {
    std::uint64_t sequence = 0;
    Uuid file_write;
    Uuid data_write;  ///< changes when the guest's data do; a child records that of its parent
    Uuid log;         ///< null: there is nothing to replay
    std::uint16_t log_version = 0;
    ByteRange log_range;
};

/// Adds to `warnings` if one of the two is damaged. Throws Error(corrupt) if both are, Error(unsupported) for a
/// version.
FileHeader read_file_header(const ByteSource& file, std::vector<std::string>& warnings);

/// The 4096 bytes of a header, with its checksum.
Bytes encode_file_header(const FileHeader& header);

/// Error(corrupt): "'a.vhdx' at byte 65536: `what`", and what to do about it.
Error corrupt(const ByteSource& file, ByteOffset at, std::string_view what);

/// The checksum of a structure whose own field for it, 4 bytes at `at`, counts as zeros.
std::uint32_t checksum_without(ByteView bytes, std::size_t at);

}  // namespace varve::vhdx
