#pragma once
/// Makes VHD images byte by byte from Microsoft's specification, for images that qemu-img neither reads nor writes.
/// Shares no header and no constant with the reader under test.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace varve::vhd_test {

using Id = std::array<std::byte, 16>;

/// 16 bytes that differ from those of any other `seed`.
Id id_of(unsigned seed);
/// In the usual notation: 8-4-4-4-12 digits, the first three groups in little-endian order on disk.
std::string text_of_id(const Id& id);

/// ASCII in two bytes a character.
std::vector<std::byte> utf16_big(const std::string& ascii);
std::vector<std::byte> utf16_little(const std::string& ascii);
std::vector<std::byte> plain(const std::string& text);

struct Locator {
    std::string code;
    std::vector<std::byte> data;
    std::optional<std::uint64_t> place = std::nullopt;   ///< none: where the data is
    std::optional<std::uint32_t> length = std::nullopt;  ///< none: that of the data
};

/// A block in the file.
struct Block {
    std::vector<std::byte> bitmap;  ///< whole sectors
    std::vector<std::byte> content;
};

/// All fields of an image file; any of them may be invalid.
struct Image {
    Image(std::uint64_t disk_bytes, std::uint32_t bytes_of_block);

    /// Gives `block` the next place in the file, filled with `content` (as long as a block, or shorter: zeros after),
    /// with every bit set.
    void put(std::uint32_t block, std::vector<std::byte> content);
    /// The same with these sectors of it, counted in the block; the rest of the block is garbage.
    void put_sectors(std::uint32_t block, const std::vector<std::byte>& content,
                     const std::vector<std::uint32_t>& sectors);

    /// The file. Bytes between the parts are 0xee.
    std::vector<std::byte> file() const;
    /// The offset of the entry of `block` in the file.
    std::uint64_t entry_at(std::uint32_t block) const { return table_at + 4 * std::uint64_t{block}; }
    /// The offset of the place of a put() in the file: that of its bitmap.
    std::uint64_t place_at(std::size_t place) const;
    std::uint64_t bitmap_bytes() const;
    void save(const std::string& path) const;

    std::uint32_t type = 3;
    std::uint64_t size;
    std::uint32_t block_size;
    std::string creator = "win ";
    std::uint16_t cylinders = 1;
    std::uint8_t heads = 4;
    std::uint8_t sectors_per_track = 17;
    std::uint32_t footer_version = 0x00010000;
    std::uint64_t header_at = 512;
    std::uint32_t header_version = 0x00010000;
    std::uint64_t table_at = 1536;
    std::optional<std::uint64_t> table_said = std::nullopt;    ///< none: where the table is
    std::optional<std::uint32_t> entries = std::nullopt;       ///< none: the table's length
    std::optional<std::uint64_t> blocks_at = std::nullopt;     ///< none: after table and locators
    std::optional<std::vector<std::byte>> raw = std::nullopt;  ///< of a fixed image: all before the footer
    std::uint32_t footer_length = 512;                         ///< at the end; 0: none
    bool has_copy = true;
    std::uint32_t footer_checksum_off = 0;  ///< added to the right one
    std::uint32_t copy_checksum_off = 0;
    std::uint32_t header_checksum_off = 0;
    Id id = id_of(1);
    Id parent{};
    std::vector<std::byte> parent_name;
    std::vector<Locator> locators;
    std::vector<std::uint32_t> table;  ///< places of put(), or raw entries
    std::vector<bool> is_place;        ///< which of the two
    std::vector<Block> places;

private:
    std::vector<std::byte> footer(std::uint32_t checksum_off) const;
    std::vector<std::byte> header() const;
    std::uint64_t locators_at() const;
};

/// A fixed image of these bytes.
Image fixed_of(std::vector<std::byte> guest);

}  // namespace varve::vhd_test
