#include "formats/vhdx/metadata.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/check.h"
#include "formats/base/image_error.h"
#include "formats/base/utf16.h"
#include "formats/vhdx/file_header.h"

namespace varve::vhdx {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view metadata_signature = "metadata"sv;
constexpr std::size_t table_bytes = 64 << 10;
constexpr std::size_t item_entries_at = 32;
constexpr std::size_t item_entry_bytes = 32;
constexpr std::uint16_t items_max = 2047;
constexpr std::uint32_t item_bytes_max = 1 << 20;

// Flags of an item.
constexpr std::uint32_t is_user = 1;
constexpr std::uint32_t is_virtual_disk = 2;
constexpr std::uint32_t is_required = 4;

constexpr std::string_view file_parameters_id = "caa16737-fa36-4d43-b3b6-33f0aa44e76b";
constexpr std::string_view virtual_size_id = "2fa54224-cd1b-4876-b211-5dbed83bf4b8";
constexpr std::string_view disk_id = "beca12ab-b2e6-4523-93ef-c309e000c746";
constexpr std::string_view logical_sector_id = "8141bf1d-a96f-4709-ba47-f233a8faab5f";
constexpr std::string_view physical_sector_id = "cda348c7-445d-4471-9cc9-e9885251c556";
constexpr std::string_view parent_locator_id = "a8d35f2d-b30b-454d-abf7-d3d84834ab0c";
constexpr std::array known_ids{file_parameters_id, virtual_size_id,    disk_id,
                               logical_sector_id,  physical_sector_id, parent_locator_id};
constexpr std::string_view vhdx_locator_type = "b04aefb7-d19e-4a81-b789-25b8e9445913";

constexpr std::uint32_t fixed_flag = 1;
constexpr std::uint32_t parent_flag = 2;

using Items = std::map<std::string, ByteRange>;  // by the text of the id; ranges of the file

class MetadataRegion {
public:
    MetadataRegion(const ByteSource& file, ByteRange region) : file_(file), region_(region) { read_table(); }

    Metadata parse() const {
        Metadata metadata;
        const Bytes parameters = item(file_parameters_id, 8);
        metadata.block_size = ByteCount{load_le<std::uint32_t>(parameters)};
        const auto flags = load_le<std::uint32_t>(ByteView(parameters).subspan(4));
        metadata.is_fixed = (flags & fixed_flag) != 0;
        metadata.has_parent = (flags & parent_flag) != 0;
        check(file_parameters_id, "block size",
              std::has_single_bit(metadata.block_size.value) && metadata.block_size >= mib(1) &&
                  metadata.block_size <= mib(256),
              "a power of two from 1 to 256 MiB", metadata.block_size.value);
        metadata.sector_size = sector_size(logical_sector_id, "logical sector size");
        metadata.physical_size = sector_size(physical_sector_id, "physical sector size");
        metadata.virtual_size = ByteCount{load_le<std::uint64_t>(item(virtual_size_id, 8))};
        check(
            virtual_size_id, "virtual size",
            metadata.virtual_size <= virtual_size_max && metadata.virtual_size.value % metadata.sector_size.value == 0,
            fmt::format("a multiple of {} up to {}", metadata.sector_size.value, virtual_size_max.value),
            metadata.virtual_size.value);
        if (items_.contains(std::string(disk_id)))
            std::ranges::copy(item(disk_id, metadata.disk.bytes.size()), metadata.disk.bytes.begin());
        if (metadata.has_parent) metadata.parent = parent_locator();
        return metadata;
    }

private:
    void read_table();
    void take_entry(ByteReader& in, std::size_t number);
    ByteRange find(std::string_view id) const;
    Bytes item(std::string_view id, std::size_t length) const;
    void check(std::string_view id, std::string_view what, bool is_right, std::string_view expected,
               std::uint64_t found) const;
    ByteCount sector_size(std::string_view id, std::string_view what) const;
    std::map<std::string, std::string> parent_locator() const;

    const ByteSource& file_;
    ByteRange region_;
    Items items_;
};

void MetadataRegion::read_table() {
    if (region_.length.value < table_bytes)
        throw corrupt(file_, region_.begin,
                      fmt::format("metadata: expected a region of at least {} bytes, found {}", table_bytes,
                                  region_.length.value));
    Bytes table(table_bytes);
    file_.read_at(region_.begin, table);
    if (!text_of(table).starts_with(metadata_signature))
        throw corrupt(file_, region_.begin, "expected a table that begins with 'metadata', found other bytes");
    ByteReader in(table, fmt::format("'{}': metadata table", file_.name()));
    in.skip(10);
    const std::uint16_t count = in.u16le();
    if (count > items_max)
        throw corrupt(file_, region_.begin + ByteCount{10},
                      fmt::format("metadata: expected at most {} entries, found {}", items_max, count));
    in.skip(20);
    for (std::uint16_t i = 0; i < count; ++i) take_entry(in, i);
}

void MetadataRegion::take_entry(ByteReader& in, std::size_t number) {
    const ByteOffset at = region_.begin + ByteCount{item_entries_at + number * item_entry_bytes};
    Uuid id;
    id.bytes = in.array<16>();
    const std::uint32_t offset = in.u32le();
    const std::uint32_t length = in.u32le();
    const std::uint32_t flags = in.u32le();
    in.skip(4);
    const std::string text = id.text();
    const bool is_known = (flags & is_user) == 0 && std::ranges::count(known_ids, text) != 0;
    if (!is_known) {
        if ((flags & is_required) != 0) throw unsupported_image(file_, fmt::format("the metadata item {}", text));
        return;
    }
    const bool is_inside = offset >= table_bytes && length <= item_bytes_max && offset <= region_.length.value &&
                           length <= region_.length.value - offset;
    if (!is_inside)
        throw corrupt(file_, at,
                      fmt::format("metadata item {}: expected up to {} bytes from {} on within the {} of the "
                                  "region, found {} bytes at {}",
                                  text, item_bytes_max, table_bytes, region_.length.value, length, offset));
    if (!items_.emplace(text, ByteRange{region_.begin + ByteCount{offset}, {length}}).second)
        throw corrupt(file_, at, fmt::format("metadata item {}: expected one of its id, found two", text));
}

ByteRange MetadataRegion::find(std::string_view id) const {
    const auto found = items_.find(std::string(id));
    if (found == items_.end())
        throw corrupt(file_, region_.begin, fmt::format("metadata: expected the item {}, found none", id));
    return found->second;
}

Bytes MetadataRegion::item(std::string_view id, std::size_t length) const {
    const ByteRange place = find(id);
    if (place.length.value < length)
        throw corrupt(file_, place.begin,
                      fmt::format("metadata item {}: expected {} bytes, found {}", id, length, place.length.value));
    Bytes bytes(length);
    file_.read_at(place.begin, bytes);
    return bytes;
}

void MetadataRegion::check(std::string_view id, std::string_view what, bool is_right, std::string_view expected,
                           std::uint64_t found) const {
    if (!is_right)
        throw corrupt(file_, find(id).begin, fmt::format("{}: expected {}, found {}", what, expected, found));
}

ByteCount MetadataRegion::sector_size(std::string_view id, std::string_view what) const {
    const auto size = load_le<std::uint32_t>(item(id, 4));
    check(id, what, size == 512 || size == 4096, "512 or 4096", size);
    return {size};
}

/// Pairs of keys and values in UTF-16; their places count from the start of the item.
std::map<std::string, std::string> MetadataRegion::parent_locator() const {
    const ByteRange place = find(parent_locator_id);
    const Bytes bytes = item(parent_locator_id, static_cast<std::size_t>(place.length.value));
    ByteReader in(bytes, fmt::format("'{}': parent locator", file_.name()));
    Uuid type;
    type.bytes = in.array<16>();
    if (type != parse_uuid(vhdx_locator_type))
        throw unsupported_image(file_, fmt::format("the type {} of parent locator", type.text()));
    in.skip(2);
    const std::uint16_t count = in.u16le();
    std::map<std::string, std::string> pairs;
    const auto text_at = [&](std::uint32_t at, std::uint16_t length) {
        const bool is_inside = at <= bytes.size() && length <= bytes.size() - at;
        const auto text = is_inside ? utf8_from_utf16(ByteView(bytes).subspan(at, length), std::endian::little)
                                    : std::optional<std::string>();
        if (!text)
            throw corrupt(file_, place.begin,
                          fmt::format("parent locator: expected a text of {} bytes at {} in the {} of the item, found "
                                      "its end or other bytes",
                                      length, at, bytes.size()));
        return *text;
    };
    for (std::uint16_t i = 0; i < count; ++i) {
        const std::uint32_t key_at = in.u32le();
        const std::uint32_t value_at = in.u32le();
        const std::uint16_t key_length = in.u16le();
        const std::uint16_t value_length = in.u16le();
        pairs.emplace(text_at(key_at, key_length), text_at(value_at, value_length));
    }
    return pairs;
}

}  // namespace

/// Each chunk of payload blocks is followed by the entry of its block of sector bits, the last only if there is a
/// parent.
std::uint64_t Metadata::table_entries() const {
    if (has_parent) return divide_up(blocks(), chunk_ratio()) * (chunk_ratio() + 1);
    return blocks() == 0 ? 0 : blocks() + (blocks() - 1) / chunk_ratio();
}

Metadata read_metadata(const ByteSource& file, ByteRange region) { return MetadataRegion(file, region).parse(); }

Bytes encode_metadata(const Metadata& metadata) {
    VARVE_CHECK(!metadata.has_parent);
    ByteWriter items;
    ByteWriter table;
    table.append(bytes_of(metadata_signature));
    table.u16le(0);
    table.u16le(5);
    table.zeros(20);
    const auto add = [&](std::string_view id, std::size_t length, std::uint32_t flags) {
        table.append(parse_uuid(id)->bytes);
        table.u32le(static_cast<std::uint32_t>(table_bytes + items.size()));
        table.u32le(static_cast<std::uint32_t>(length));
        table.u32le(flags | is_required);
        table.u32le(0);
    };
    add(file_parameters_id, 8, 0);
    items.u32le(static_cast<std::uint32_t>(metadata.block_size.value));
    items.u32le(metadata.is_fixed ? fixed_flag : 0);
    add(virtual_size_id, 8, is_virtual_disk);
    items.u64le(metadata.virtual_size.value);
    add(disk_id, 16, is_virtual_disk);
    items.append(metadata.disk.bytes);
    add(logical_sector_id, 4, is_virtual_disk);
    items.u32le(static_cast<std::uint32_t>(metadata.sector_size.value));
    add(physical_sector_id, 4, is_virtual_disk);
    items.u32le(static_cast<std::uint32_t>(metadata.physical_size.value));
    table.zeros(table_bytes - table.size());
    table.append(items.release());
    return table.release();
}

}  // namespace varve::vhdx
