#pragma once
/// Makes VDI images byte by byte from the specification (VirtualBox VDICore.h), for images that qemu-img neither reads
/// nor writes. Shares no header and no constant with the reader under test.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace varve::vdi_test {

using Id = std::array<std::byte, 16>;

/// 16 bytes that differ from those of any other `seed`.
Id id_of(unsigned seed);
/// In the usual notation: 8-4-4-4-12 digits, the first three groups in little-endian order on disk.
std::string text_of_id(const Id& id);

inline constexpr std::uint32_t entry_free = 0xffffffff;
inline constexpr std::uint32_t entry_zero = 0xfffffffe;

/// All fields of an image file; any of them may be invalid.
struct Image {
    Image(std::uint64_t disk_bytes, std::uint32_t bytes_of_block);

    /// Gives `block` the next place in the file, filled with `content` (as long as a block, or shorter: zeros after).
    void put(std::uint32_t block, std::vector<std::byte> content);
    void zero(std::uint32_t block) { map[block] = entry_zero; }

    /// The file. Bytes before blocks and between the parts are 0xee.
    std::vector<std::byte> file() const;
    /// The offset of the entry of `block`, or of a place, in the file.
    std::uint64_t entry_at(std::uint32_t block) const;
    std::uint64_t place_at(std::uint32_t place) const;
    void save(const std::string& path) const;

    bool is_old = false;  ///< version 0.2, whose map and blocks follow the header
    std::uint32_t type = 1;
    std::uint64_t size;
    std::uint32_t block_size;
    std::uint32_t extra = 0;
    std::uint32_t header_length = 400;
    std::uint32_t map_at = 512;
    std::uint32_t gap_before_data = 0;
    std::optional<std::uint32_t> data_at = std::nullopt;    ///< none: after map and gap
    std::optional<std::uint32_t> blocks = std::nullopt;     ///< none: the map's length
    std::optional<std::uint32_t> allocated = std::nullopt;  ///< none: the number of places
    Id id = id_of(1);
    Id modified = id_of(2);
    Id parent{};
    Id parent_modified{};
    std::vector<std::uint32_t> map;
    std::vector<std::vector<std::byte>> places;
};

}  // namespace varve::vdi_test
