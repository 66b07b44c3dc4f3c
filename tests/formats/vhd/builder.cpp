#include "tests/formats/vhd/builder.h"

#include <algorithm>
#include <fstream>
#include <string_view>

namespace varve::vhd_test {
namespace {

constexpr std::byte filler{0xee};
constexpr std::byte garbage{0xdd};

/// A file that grows as its parts are put into it.
class Pieces {
public:
    explicit Pieces(std::byte between) : between_(between) {}
    void number(std::uint64_t at, std::uint64_t value, unsigned length) {
        for (unsigned i = 0; i < length; ++i)
            grown(at + i) = static_cast<std::byte>(value >> (8 * (length - 1 - i)) & 0xff);
    }
    void text(std::uint64_t at, std::string_view text) {
        for (std::size_t i = 0; i < text.size(); ++i) grown(at + i) = static_cast<std::byte>(text[i]);
    }
    void bytes(std::uint64_t at, const std::vector<std::byte>& from) {
        if (from.empty()) return;
        grown(at + from.size() - 1);
        std::copy(from.begin(), from.end(), file_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    std::uint64_t size() const { return file_.size(); }
    std::vector<std::byte> take() { return std::move(file_); }

private:
    std::byte& grown(std::uint64_t at) {
        if (at >= file_.size()) file_.resize(at + 1, between_);
        return file_[at];
    }
    std::byte between_;
    std::vector<std::byte> file_;
};

std::uint32_t checksum(const std::vector<std::byte>& bytes) {
    std::uint32_t sum = 0;
    for (const std::byte byte : bytes) sum += std::to_integer<std::uint32_t>(byte);
    return ~sum;
}

std::uint64_t whole_sectors(std::uint64_t bytes) { return (bytes + 511) / 512 * 512; }

std::vector<std::byte> in_two_bytes(const std::string& ascii, bool big) {
    std::vector<std::byte> out;
    for (const char c : ascii) {
        out.push_back(big ? std::byte{0} : static_cast<std::byte>(c));
        out.push_back(big ? static_cast<std::byte>(c) : std::byte{0});
    }
    return out;
}

}  // namespace

Id id_of(unsigned seed) {
    Id id;
    for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<std::byte>(seed * 17 + i * 3 + 1);
    return id;
}

std::string text_of_id(const Id& id) {
    constexpr std::array<std::size_t, 16> order{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    std::string text;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const auto value = std::to_integer<unsigned>(id[order[i]]);
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += "0123456789abcdef"[value >> 4];
        text += "0123456789abcdef"[value & 15];
    }
    return text;
}

std::vector<std::byte> utf16_big(const std::string& ascii) { return in_two_bytes(ascii, true); }
std::vector<std::byte> utf16_little(const std::string& ascii) { return in_two_bytes(ascii, false); }
std::vector<std::byte> plain(const std::string& text) {
    std::vector<std::byte> out;
    for (const char c : text) out.push_back(static_cast<std::byte>(c));
    return out;
}

Image::Image(std::uint64_t disk_bytes, std::uint32_t bytes_of_block)
    : size(disk_bytes),
      block_size(bytes_of_block),
      table((disk_bytes + bytes_of_block - 1) / bytes_of_block, 0xffffffff),
      is_place(table.size(), false) {}

std::uint64_t Image::bitmap_bytes() const {
    const std::uint64_t bits = block_size / 512;
    return whole_sectors((bits + 7) / 8);
}

void Image::put(std::uint32_t block, std::vector<std::byte> content) {
    content.resize(block_size);
    table[block] = static_cast<std::uint32_t>(places.size());
    is_place[block] = true;
    places.push_back({std::vector<std::byte>(bitmap_bytes(), std::byte{0xff}), std::move(content)});
}

void Image::put_sectors(std::uint32_t block, const std::vector<std::byte>& content,
                        const std::vector<std::uint32_t>& sectors) {
    Block made{std::vector<std::byte>(bitmap_bytes()), std::vector<std::byte>(block_size, garbage)};
    for (const std::uint32_t sector : sectors) {
        made.bitmap[sector / 8] |= static_cast<std::byte>(0x80 >> sector % 8);
        std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(std::size_t{sector} * 512), 512,
                    made.content.begin() + static_cast<std::ptrdiff_t>(std::size_t{sector} * 512));
    }
    table[block] = static_cast<std::uint32_t>(places.size());
    is_place[block] = true;
    places.push_back(std::move(made));
}

std::uint64_t Image::locators_at() const {
    return whole_sectors(std::max(header_at + 1024, table_at + 4 * std::uint64_t{table.size()}));
}

std::uint64_t Image::place_at(std::size_t place) const {
    std::uint64_t begin = locators_at();
    for (const Locator& locator : locators) begin += whole_sectors(locator.data.size());
    return blocks_at.value_or(begin) + place * (bitmap_bytes() + block_size);
}

std::vector<std::byte> Image::footer(std::uint32_t checksum_off) const {
    Pieces out(std::byte{0});
    out.text(0, "conectix");
    out.number(8, 2, 4);
    out.number(12, footer_version, 4);
    out.number(16, type == 2 ? ~std::uint64_t{0} : header_at, 8);
    out.number(24, 0x12345678, 4);
    out.text(28, creator);
    out.number(32, 0x000a0000, 4);
    out.text(36, "Wi2k");
    out.number(40, size, 8);
    out.number(48, size, 8);
    out.number(56, cylinders, 2);
    out.number(58, heads, 1);
    out.number(59, sectors_per_track, 1);
    out.number(60, type, 4);
    out.bytes(68, {id.begin(), id.end()});
    out.number(511, 0, 1);
    std::vector<std::byte> bytes = out.take();
    Pieces sum(std::byte{0});
    sum.bytes(0, bytes);
    sum.number(64, checksum(bytes) + checksum_off, 4);
    return sum.take();
}

std::vector<std::byte> Image::header() const {
    Pieces out(std::byte{0});
    out.text(0, "cxsparse");
    out.number(8, ~std::uint64_t{0}, 8);
    out.number(16, table_said.value_or(table_at), 8);
    out.number(24, header_version, 4);
    out.number(28, entries.value_or(static_cast<std::uint32_t>(table.size())), 4);
    out.number(32, block_size, 4);
    out.bytes(40, {parent.begin(), parent.end()});
    out.bytes(64, parent_name);
    std::uint64_t place = locators_at();
    for (std::size_t i = 0; i < locators.size(); ++i) {
        const Locator& locator = locators[i];
        out.text(576 + 24 * i, locator.code);
        out.number(576 + 24 * i + 4, 512, 4);
        out.number(576 + 24 * i + 8, locator.length.value_or(static_cast<std::uint32_t>(locator.data.size())), 4);
        out.number(576 + 24 * i + 16, locator.place.value_or(place), 8);
        place += whole_sectors(locator.data.size());
    }
    out.number(1023, 0, 1);
    std::vector<std::byte> bytes = out.take();
    Pieces sum(std::byte{0});
    sum.bytes(0, bytes);
    sum.number(36, checksum(bytes) + header_checksum_off, 4);
    return sum.take();
}

std::vector<std::byte> Image::file() const {
    Pieces out(filler);
    if (raw) {
        out.bytes(0, *raw);
    } else {
        if (has_copy) out.bytes(0, footer(copy_checksum_off));
        out.bytes(header_at, header());
        for (std::size_t i = 0; i < table.size(); ++i)
            out.number(entry_at(static_cast<std::uint32_t>(i)), is_place[i] ? place_at(table[i]) / 512 : table[i], 4);
        std::uint64_t place = locators_at();
        for (const Locator& locator : locators) {
            out.bytes(place, locator.data);
            place += whole_sectors(locator.data.size());
        }
        for (std::size_t i = 0; i < places.size(); ++i) {
            out.bytes(place_at(i), places[i].bitmap);
            out.bytes(place_at(i) + bitmap_bytes(), places[i].content);
        }
    }
    std::vector<std::byte> end = footer(footer_checksum_off);
    end.resize(footer_length);
    const std::uint64_t at = raw ? out.size() : whole_sectors(out.size());
    if (at > 0 && at != out.size()) out.number(at - 1, 0xee, 1);
    out.bytes(at, end);
    return out.take();
}

void Image::save(const std::string& path) const {
    const std::vector<std::byte> bytes = file();
    std::ofstream out(path, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

Image fixed_of(std::vector<std::byte> guest) {
    Image image(guest.size(), 512);
    image.type = 2;
    image.raw = std::move(guest);
    return image;
}

}  // namespace varve::vhd_test
