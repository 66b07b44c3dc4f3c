#pragma once
/// The fixed parts of a pack file (FORMAT.md section 5): header at the beginning, footer at the end, frame headers in
/// between. Parsing throws Error(corrupt) that names `object`; Error(unsupported) for encryption or a newer version.
///
///   header | frame header, payload | frame header, payload | … | slot table | footer

#include <cstdint>
#include <string>
#include <vector>

#include "engine/repository/pack.h"
#include "engine/repository/slot_table.h"

namespace varve {

inline constexpr std::size_t pack_header_bytes = 96;
inline constexpr std::size_t pack_footer_bytes = 80;
inline constexpr std::uint64_t pack_bytes_max = std::uint64_t{1} << 30;

struct PackHeader {
    PackKind kind = PackKind::data;
    RepositoryId repository;
    PackId pack;
    std::uint32_t header_bytes = pack_header_bytes;  ///< where frames may begin
};

Bytes encode(const PackHeader& header);
/// `bytes` are the first pack_header_bytes of the file.
PackHeader parse_pack_header(ByteView bytes, const std::string& object);

struct PackFooter {
    std::uint64_t table_offset = 0;
    std::uint32_t table_bytes = 0;
    PackId pack;
    std::uint64_t checksum = 0;  ///< of slot table and footer up to this field
    Digest digest;               ///< of everything before this field
};

/// The end of a pack without its digest, which covers these bytes too: `table` (an encoded slot table that begins at
/// `table_offset`) and the footer with its checksum.
Bytes encode_tail(ByteView table, std::uint64_t table_offset, const PackId& pack);
/// `bytes` are the last pack_footer_bytes of a file of `file_bytes`; table_offset and table_bytes are checked to fit.
PackFooter parse_pack_footer(ByteView bytes, std::uint64_t file_bytes, const std::string& object);
/// Throws unless the footer's checksum matches; `tail` is the slot table and the footer.
void check_tail(const PackFooter& footer, ByteView tail, const std::string& object);

/// A frame's description of itself, in front of its payload: enough to find its slots if the slot table is lost.
struct FrameHeader {
    std::uint32_t ordinal = 0;
    Frame frame;  ///< its offset must be filled in by the caller, who knows it
    std::vector<Slot> slots;
    std::vector<PatchBase> patch_bases;
};

/// Bytes of a frame header. Its checksum binds it to `pack`, so that a pack inside guest data is not mistaken for ours.
Bytes encode(const FrameHeader& header, const PackId& pack);
/// The length of the frame header that begins with these bytes (at least 8), or 0 if there is none or its length is not
/// plausible.
std::size_t frame_header_length(ByteView bytes);
/// `bytes` are exactly one frame header.
FrameHeader parse_frame_header(ByteView bytes, const PackId& pack, const std::string& object);

inline constexpr std::string_view frame_magic = "VFRM";

}  // namespace varve
