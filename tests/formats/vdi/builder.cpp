#include "tests/formats/vdi/builder.h"

#include <algorithm>
#include <fstream>
#include <string_view>

namespace varve::vdi_test {
namespace {

constexpr std::byte filler{0xee};

/// A file that grows as its parts are put into it.
class Pieces {
public:
    void number(std::uint64_t at, std::uint64_t value, unsigned length) {
        for (unsigned i = 0; i < length; ++i) grown(at + i) = static_cast<std::byte>(value >> (8 * i) & 0xff);
    }
    void text(std::uint64_t at, std::string_view text) {
        for (std::size_t i = 0; i < text.size(); ++i) grown(at + i) = static_cast<std::byte>(text[i]);
    }
    void bytes(std::uint64_t at, const std::byte* from, std::size_t length) {
        if (length == 0) return;
        grown(at + length - 1);
        std::copy_n(from, length, file_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    void zeros(std::uint64_t at, std::size_t length) {
        const std::vector<std::byte> none(length);
        bytes(at, none.data(), length);
    }
    std::vector<std::byte> take() { return std::move(file_); }

private:
    std::byte& grown(std::uint64_t at) {
        if (at >= file_.size()) file_.resize(at + 1, filler);
        return file_[at];
    }
    std::vector<std::byte> file_;
};

std::uint64_t map_of(const Image& image) { return image.is_old ? 420 : image.map_at; }

std::uint64_t data_of(const Image& image) {
    if (image.data_at) return *image.data_at;
    return map_of(image) + 4 * image.map.size() + (image.is_old ? 0 : image.gap_before_data);
}

}  // namespace

Id id_of(unsigned seed) {
    Id id;
    for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<std::byte>(seed * 17 + i * 3 + 1);
    return id;
}

std::string text_of_id(const Id& id) {
    constexpr std::array<int, 16> order{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    std::string text;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const auto value = std::to_integer<unsigned>(id[static_cast<std::size_t>(order[i])]);
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += "0123456789abcdef"[value >> 4];
        text += "0123456789abcdef"[value & 15];
    }
    return text;
}

Image::Image(std::uint64_t disk_bytes, std::uint32_t bytes_of_block)
    : size(disk_bytes),
      block_size(bytes_of_block),
      map((disk_bytes + bytes_of_block - 1) / bytes_of_block, entry_free) {}

void Image::put(std::uint32_t block, std::vector<std::byte> content) {
    content.resize(block_size);
    map[block] = static_cast<std::uint32_t>(places.size());
    places.push_back(std::move(content));
}

std::uint64_t Image::entry_at(std::uint32_t block) const { return map_of(*this) + 4 * std::uint64_t{block}; }

std::uint64_t Image::place_at(std::uint32_t place) const {
    return data_of(*this) + std::uint64_t{place} * (std::uint64_t{block_size} + extra) + extra;
}

std::vector<std::byte> Image::file() const {
    Pieces out;
    out.zeros(0, is_old ? 420 : 512);
    out.text(0, "<<< a builder's disk image >>>\n");
    out.number(64, 0xbeda107f, 4);
    out.number(68, is_old ? 0x00000002 : 0x00010001, 4);
    const auto blocks_said = blocks.value_or(static_cast<std::uint32_t>(map.size()));
    const auto allocated_said = allocated.value_or(static_cast<std::uint32_t>(places.size()));
    const auto ids = [&](std::uint64_t at) {
        out.bytes(at, id.data(), 16);
        out.bytes(at + 16, modified.data(), 16);
        out.bytes(at + 32, parent.data(), 16);
    };
    if (is_old) {
        out.number(72, type, 4);
        out.text(80, "comment");
        out.number(348, 512, 4);
        out.number(352, size, 8);
        out.number(360, block_size, 4);
        out.number(364, blocks_said, 4);
        out.number(368, allocated_said, 4);
        ids(372);
    } else {
        out.number(72, header_length, 4);
        out.number(76, type, 4);
        out.text(84, "comment");
        out.number(340, map_at, 4);
        out.number(344, data_of(*this), 4);
        out.number(360, 512, 4);
        out.number(368, size, 8);
        out.number(376, block_size, 4);
        out.number(380, extra, 4);
        out.number(384, blocks_said, 4);
        out.number(388, allocated_said, 4);
        ids(392);
        out.bytes(440, parent_modified.data(), 16);
    }
    for (std::uint32_t block = 0; block < map.size(); ++block) out.number(entry_at(block), map[block], 4);
    for (std::uint32_t place = 0; place < places.size(); ++place)
        out.bytes(place_at(place), places[place].data(), places[place].size());
    return out.take();
}

void Image::save(const std::string& path) const {
    const std::vector<std::byte> bytes = file();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace varve::vdi_test
