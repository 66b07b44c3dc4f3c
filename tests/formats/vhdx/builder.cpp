#include "tests/formats/vhdx/builder.h"

#include <algorithm>

#include <fmt/format.h>

namespace varve::vhdx_test {
namespace {

constexpr std::uint64_t payload_at = 4 * Image::mib;

void put(Bytes& file, std::size_t at, ByteView bytes) {
    if (file.size() < at + bytes.size()) file.resize(at + bytes.size());
    std::ranges::copy(bytes, file.begin() + static_cast<std::ptrdiff_t>(at));
}

template <typename T>
void put_le(Bytes& file, std::size_t at, T value) {
    Bytes bytes(sizeof(T));
    store_le(ByteSpan(bytes), value);
    put(file, at, bytes);
}

/// From its text, as Microsoft stores it: the first three fields little-endian.
Guid parse_guid(const std::string& text) {
    std::string hex;
    for (const char c : text)
        if (c != '-' && c != '{' && c != '}') hex += c;
    constexpr std::array<std::size_t, 16> order{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    Guid guid{};
    for (std::size_t i = 0; i < guid.size(); ++i)
        guid[i] = static_cast<std::byte>(std::stoi(hex.substr(order[i] * 2, 2), nullptr, 16));
    return guid;
}

Bytes utf16(const std::string& text) {
    Bytes bytes;
    for (const char c : text) {
        bytes.push_back(static_cast<std::byte>(c));
        bytes.push_back(std::byte{0});
    }
    return bytes;
}

Bytes with_crc(Bytes bytes) {
    put_le<std::uint32_t>(bytes, 4, 0);
    put_le(bytes, 4, crc_of(bytes));
    return bytes;
}

Bytes region_table() {
    Bytes table(64 << 10);
    put(table, 0, bytes_of("regi"));
    put_le<std::uint32_t>(table, 8, 2);
    put(table, 16, parse_guid("2DC27766-F623-4200-9D64-115E9BFD4A08"));
    put_le<std::uint64_t>(table, 32, Image::table_at);
    put_le<std::uint32_t>(table, 40, Image::mib);
    put_le<std::uint32_t>(table, 44, 1);
    put(table, 48, parse_guid("8B7CA206-4790-4B9A-B8FE-575F050F886E"));
    put_le<std::uint64_t>(table, 64, Image::metadata_at);
    put_le<std::uint32_t>(table, 72, Image::mib);
    put_le<std::uint32_t>(table, 76, 1);
    return with_crc(std::move(table));
}

Bytes parent_locator(const Guid& linkage, std::map<std::string, std::string> pairs) {
    pairs.emplace("parent_linkage", text_of_guid(linkage));
    Bytes item;
    put(item, 0, parse_guid("B04AEFB7-D19E-4A81-B789-25B8E9445913"));
    put_le<std::uint16_t>(item, 16, 0);
    put_le(item, 18, static_cast<std::uint16_t>(pairs.size()));
    std::size_t entry = 20;
    std::size_t text_at = entry + 12 * pairs.size();
    for (const auto& [key, value] : pairs) {
        const Bytes key_text = utf16(key);
        const Bytes value_text = utf16(value);
        put_le(item, entry, static_cast<std::uint32_t>(text_at));
        put_le(item, entry + 4, static_cast<std::uint32_t>(text_at + key_text.size()));
        put_le(item, entry + 8, static_cast<std::uint16_t>(key_text.size()));
        put_le(item, entry + 10, static_cast<std::uint16_t>(value_text.size()));
        put(item, text_at, key_text);
        put(item, text_at + key_text.size(), value_text);
        text_at += key_text.size() + value_text.size();
        entry += 12;
    }
    return item;
}

/// The entry with its sectors, in one piece.
Bytes encode(const LogEntry& entry, const Guid& log) {
    const std::uint64_t count = entry.updates.size();
    Bytes bytes((64 + 32 * count + 4095) / 4096 * 4096);
    put(bytes, 0, bytes_of("loge"));
    put_le(bytes, 12, static_cast<std::uint32_t>(entry.tail));
    put_le(bytes, 16, entry.sequence);
    put_le(bytes, 24, static_cast<std::uint32_t>(count));
    put(bytes, 32, log);
    put_le(bytes, 48, entry.flushed);
    put_le(bytes, 56, entry.last);
    for (std::size_t i = 0; i < count; ++i) {
        const LogUpdate& update = entry.updates[i];
        const std::size_t at = 64 + 32 * i;
        if (update.page.empty()) {
            put(bytes, at, bytes_of("zero"));
            put_le(bytes, at + 8, update.zeros);
        } else {
            put(bytes, at, bytes_of("desc"));
            put(bytes, at + 4, ByteView(update.page).last(4));
            put(bytes, at + 8, ByteView(update.page).first(8));
            Bytes sector = update.page;
            put(sector, 0, bytes_of("data"));
            put_le(sector, 4, static_cast<std::uint32_t>(entry.sequence >> 32));
            put_le(sector, 4092, static_cast<std::uint32_t>(entry.sequence));
            put(bytes, bytes.size(), sector);
        }
        put_le(bytes, at + 16, update.at);
        put_le(bytes, at + 24, entry.sequence);
    }
    put_le(bytes, 8, static_cast<std::uint32_t>(bytes.size()));
    return with_crc(std::move(bytes));
}

}  // namespace

Guid guid_of(unsigned seed) {
    Guid guid{};
    for (std::size_t i = 0; i < guid.size(); ++i) guid[i] = static_cast<std::byte>(seed * 31 + i * 7 + 1);
    return guid;
}

std::string text_of_guid(const Guid& guid) {
    const auto hex = [&](std::initializer_list<std::size_t> places) {
        std::string text;
        for (const std::size_t place : places) text += fmt::format("{:02X}", std::to_integer<unsigned>(guid[place]));
        return text;
    };
    return "{" + hex({3, 2, 1, 0}) + "-" + hex({5, 4}) + "-" + hex({7, 6}) + "-" + hex({8, 9}) + "-" +
           hex({10, 11, 12, 13, 14, 15}) + "}";
}

std::uint32_t crc_of(ByteView bytes) {
    std::uint32_t crc = ~std::uint32_t{0};
    for (const std::byte byte : bytes) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0x82f63b78U & (0U - (crc & 1)));
    }
    return ~crc;
}

Image::Image(std::uint64_t size_, std::uint64_t block_size_, std::uint32_t sector_)
    : size(size_), block_size(block_size_), sector(sector_) {}

Image& Image::over(const Guid& linkage, std::map<std::string, std::string> names) {
    has_parent_ = true;
    linkage_ = linkage;
    names_ = std::move(names);
    return *this;
}

std::uint64_t Image::take(std::uint64_t bytes) {
    const std::uint64_t place = payload_at + payload.size();
    payload.resize(payload.size() + bytes);
    return place;
}

Image& Image::block(std::uint64_t number, const Bytes& content) {
    const std::uint64_t place = take(block_size);
    put(payload, place - payload_at, content);
    table[entry_number(number)] = place | 6;
    return *this;
}

Image& Image::state(std::uint64_t number, unsigned value) {
    table[entry_number(number)] = value;
    return *this;
}

Image& Image::sectors(std::uint64_t number, const std::map<std::uint64_t, char>& content) {
    const std::uint64_t bitmap_number = (number / ratio() + 1) * (ratio() + 1) - 1;
    if (!table.contains(bitmap_number)) table[bitmap_number] = take(mib) | 6;
    const std::uint64_t bitmap = table[bitmap_number] & ~std::uint64_t{0xfffff};
    const std::uint64_t place = take(block_size);
    table[entry_number(number)] = place | 7;
    const std::uint64_t first = number % ratio() * (block_size / sector);
    for (const auto& [at, fill] : content) {
        put(payload, place - payload_at + at * sector, Bytes(sector, static_cast<std::byte>(fill)));
        payload[bitmap - payload_at + (first + at) / 8] |= static_cast<std::byte>(1 << (first + at) % 8);
    }
    return *this;
}

Image& Image::log(const std::vector<LogEntry>& entries) {
    log_id = guid_of(9);
    for (const LogEntry& entry : entries) {
        const Bytes bytes = encode(entry, log_id);
        for (std::size_t i = 0; i < bytes.size(); ++i) log_[(entry.place + i) % mib] = bytes[i];
    }
    return *this;
}

Bytes Image::metadata() const {
    Bytes region;
    put(region, 0, bytes_of("metadata"));
    Bytes items;
    std::uint16_t count = 0;
    const auto add = [&](const std::string& id, const Bytes& item, std::uint32_t flags) {
        const std::size_t at = 32 + std::size_t{32} * count++;
        put(region, at, parse_guid(id));
        put_le(region, at + 16, static_cast<std::uint32_t>((64 << 10) + items.size()));
        put_le(region, at + 20, static_cast<std::uint32_t>(item.size()));
        put_le(region, at + 24, flags);
        put(items, items.size(), item);
    };
    Bytes parameters;
    put_le(parameters, 0, static_cast<std::uint32_t>(block_size));
    put_le<std::uint32_t>(parameters, 4, has_parent_ ? 2 : 0);
    add("CAA16737-FA36-4D43-B3B6-33F0AA44E76B", parameters, 4);
    Bytes bytes;
    put_le(bytes, 0, size);
    add("2FA54224-CD1B-4876-B211-5DBED83BF4B8", bytes, 6);
    bytes.clear();
    put_le(bytes, 0, sector);
    add("8141BF1D-A96F-4709-BA47-F233A8FAAB5F", bytes, 6);
    bytes.clear();
    put_le<std::uint32_t>(bytes, 0, 4096);
    add("CDA348C7-445D-4471-9CC9-E9885251C556", bytes, 6);
    if (has_parent_) add("A8D35F2D-B30B-454D-ABF7-D3D84834AB0C", parent_locator(linkage_, names_), 4);
    put_le(region, 10, count);
    put(region, 64 << 10, items);
    return region;
}

Bytes Image::header(std::uint64_t sequence) const {
    Bytes bytes(4096);
    put(bytes, 0, bytes_of("head"));
    put_le(bytes, 8, sequence);
    put(bytes, 16, guid_of(7));
    put(bytes, 32, data_write);
    put(bytes, 48, log_id);
    put_le<std::uint16_t>(bytes, 66, 1);
    put_le<std::uint32_t>(bytes, 68, mib);
    put_le<std::uint64_t>(bytes, 72, log_at);
    return with_crc(std::move(bytes));
}

Bytes Image::file() const {
    Bytes file;
    put(file, 0, bytes_of("vhdxfile"));
    put(file, 64 << 10, header(1));
    put(file, 128 << 10, header(2));
    put(file, 192 << 10, region_table());
    put(file, 256 << 10, region_table());
    put(file, log_at, log_);
    put(file, metadata_at, metadata());
    for (const auto& [number, entry] : table) put_le(file, table_at + 8 * number, entry);
    file.resize(std::max<std::size_t>(file.size(), payload_at));
    put(file, payload_at, payload);
    return file;
}

}  // namespace varve::vhdx_test
