#pragma once
/// Makes expanding Parallels images and the descriptors of disks byte by byte from the specification (qemu
/// docs/interop/parallels.txt and prl-xml.txt), for those that qemu-img does not write. Shares no header and no
/// constant with the reader under test.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace varve::parallels_test {

/// All fields of an image file; any of them may be invalid.
struct Image {
    Image(std::uint64_t disk_sectors, std::uint32_t sectors_in_cluster);

    /// Gives `cluster` the next place in the file, filled with `content` (as long as a cluster, or shorter: zeros
    /// after).
    void put(std::uint32_t cluster, std::vector<std::byte> content);
    /// Puts `content`, a format extension, in the next place.
    void extend(std::vector<std::byte> content);

    /// The file. Bytes between the table and the first cluster are 0xee.
    std::vector<std::byte> file() const;
    void save(const std::string& path) const;
    /// The offsets in the file of the entry of `cluster`, and of a place.
    std::uint64_t entry_at(std::uint32_t cluster) const { return 64 + 4 * std::uint64_t{cluster}; }
    std::uint64_t place_at(std::size_t place) const;
    /// What the table has for a place.
    std::uint32_t entry_of(std::size_t place) const;

    std::string magic = "WithouFreSpacExt";
    std::uint32_t version = 2;
    std::uint32_t cluster_sectors;
    std::uint64_t sectors;
    std::uint32_t in_use = 0x312e3276;
    std::uint32_t flags = 0;
    std::uint32_t first_place = 0;  ///< its sector; 0: the next whole cluster (extended), or sector, after the table
    std::optional<std::uint32_t> data_sector = std::nullopt;  ///< none: that of the first place
    std::optional<std::uint32_t> entries = std::nullopt;      ///< none: the table's length
    std::uint64_t extension_sector = 0;
    std::vector<std::uint32_t> table;
    std::vector<std::vector<std::byte>> places;

private:
    bool is_extended() const { return magic == "WithouFreSpacExt"; }
    std::uint64_t first_sector() const;
};

/// One feature of a format extension.
struct Feature {
    std::uint64_t magic = 0x20385fae252cb34a;
    std::uint64_t flags = 0;
    std::vector<std::byte> data;
    std::optional<std::uint32_t> length = std::nullopt;  ///< none: that of the data
};

/// The data of a dirty bitmap with the id 00010203-0405-0607-0809-0a0b0c0d0e0f, or another first byte, all of whose
/// bits are clear.
std::vector<std::byte> bitmap(std::uint64_t disk_sectors, std::uint32_t granularity_sectors, std::uint32_t l1_entries,
                              unsigned first_id_byte = 0);

/// An extension of `length` bytes with these features and the end mark; its checksum is by md5sum.
std::vector<std::byte> extension(std::size_t length, const std::vector<Feature>& features);

/// The text of a descriptor; every part may be anything.
struct Description {
    struct Picture {
        std::string guid;
        std::string file;
        std::string type = "Compressed";
    };
    struct Part {
        std::uint64_t start = 0;
        std::uint64_t end = 0;
        std::vector<Picture> images;
    };
    struct State {
        std::string guid;
        std::string parent = "{00000000-0000-0000-0000-000000000000}";
    };
    std::string text() const;
    void save(const std::string& path) const;

    std::string version = "1.0";
    std::uint64_t sectors = 0;
    std::vector<Part> parts;
    std::vector<State> states;
    std::string top;  ///< empty: no TopGUID
    std::string more_parameters = "<Padding>0</Padding>";
};

/// "{xxxxxxxx-0000-4000-8000-000000000000}" with the number in all digits of the first group.
std::string guid(unsigned number);

}  // namespace varve::parallels_test
