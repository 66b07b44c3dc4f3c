#pragma once
/// Builds copy-on-write files of User-Mode Linux byte by byte, in every layout that its versions and QEMU's have had.
/// Shares no code with the reader.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/bytes.h"

namespace varve::uml_cow_test {

struct Layout {
    std::string name;
    unsigned version;
    std::size_t name_at, name_bytes, size_at, sector_at, length;
    bool is_little = false;
    std::size_t alignment_at = 0;
    bool rounds_down = false;  ///< the length of the map
};

inline const std::vector<Layout>& layouts() {
    static const std::vector<Layout> all{
        {"v1, 32-bit x86", 1, 8, 256, 268, 276, 280, true, 0, true},
        {"v1, 64-bit x86", 1, 8, 256, 272, 280, 288, true, 0, true},
        {"v1, big-endian", 1, 8, 256, 268, 276, 280, false, 0, true},
        {"v2 of QEMU, 32-bit", 2, 8, 1024, 1036, 1044, 1048},
        {"v2 of QEMU, 64-bit", 2, 8, 1024, 1040, 1048, 1056},
        {"v2, 32-bit", 2, 8, 4096, 4108, 4116, 4120, false, 0, true},
        {"v2, 64-bit", 2, 8, 4096, 4112, 4120, 4128, false, 0, true},
        {"v3, packed", 3, 32, 4096, 12, 20, 4128, false, 24},
        {"v3, 64-bit", 3, 36, 4096, 16, 24, 4136, false, 28},
    };
    return all;
}

class Image {
public:
    Image(const Layout& layout, std::uint64_t size, std::uint64_t alignment = 4096) : layout_(layout) {
        const auto up = [](std::uint64_t value, std::uint64_t unit) { return (value + unit - 1) / unit * unit; };
        const std::uint64_t sectors = up(size, 512) / 512;
        const std::uint64_t map_bytes = layout.rounds_down ? sectors / 8 : up(sectors, 8) / 8;
        const std::uint64_t unit = layout.alignment_at == 0 ? 512 : alignment;
        map_at = layout.alignment_at == 0 ? layout.length : up(layout.length, unit);
        data_at = up(map_at + map_bytes, unit);
        file.resize(map_at + map_bytes);
        put_u32(0, 0x4f4f4f4d);
        put_u32(4, layout.version);
        put_u64(layout.size_at, size);
        put_u32(layout.sector_at, 512);
        if (layout.alignment_at != 0) put_u32(layout.alignment_at, static_cast<std::uint32_t>(alignment));
    }

    Image& backing(const std::string& text) {
        std::copy_n(bytes_of(text).begin(), text.size(), file.begin() + static_cast<std::ptrdiff_t>(layout_.name_at));
        return *this;
    }

    /// Puts a sector of `fill` into the file.
    Image& sector(std::uint64_t number, char fill) { return sector(number, Bytes(512, static_cast<std::byte>(fill))); }

    Image& sector(std::uint64_t number, ByteView content) {
        const std::uint64_t place = data_at + number * 512;
        if (file.size() < place + 512) file.resize(place + 512);
        std::copy_n(content.begin(), 512, file.begin() + static_cast<std::ptrdiff_t>(place));
        file[map_at + number / 8] |= static_cast<std::byte>(1 << number % 8);
        return *this;
    }

    void put_u32(std::size_t at, std::uint32_t value) {
        layout_.is_little ? store_le(ByteSpan(file).subspan(at), value) : store_be(ByteSpan(file).subspan(at), value);
    }
    void put_u64(std::size_t at, std::uint64_t value) {
        layout_.is_little ? store_le(ByteSpan(file).subspan(at), value) : store_be(ByteSpan(file).subspan(at), value);
    }

    Bytes file;
    std::uint64_t map_at = 0;
    std::uint64_t data_at = 0;

private:
    Layout layout_;
};

}  // namespace varve::uml_cow_test
