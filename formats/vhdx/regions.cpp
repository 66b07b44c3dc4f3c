#include "formats/vhdx/regions.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/crc.h"
#include "formats/base/image_error.h"
#include "formats/vhdx/file_header.h"

namespace varve::vhdx {
namespace {

constexpr std::uint32_t region_signature = 0x69676572;  // "regi"
constexpr std::size_t table_checksum_at = 4;
constexpr std::size_t region_entries_at = 16;
constexpr std::size_t region_entry_bytes = 32;
constexpr std::uint32_t regions_max = 2047;

constexpr std::string_view block_table_id = "2dc27766-f623-4200-9d64-115e9bfd4a08";
constexpr std::string_view metadata_id = "8b7ca206-4790-4b9a-b8fe-575f050f886e";

std::optional<Bytes> read_table(const ByteSource& file, ByteOffset at) {
    Bytes bytes(region_table_bytes);
    if (read_some(file, at, bytes) < bytes.size() || load_le<std::uint32_t>(bytes) != region_signature)
        return std::nullopt;
    if (checksum_without(bytes, table_checksum_at) !=
        load_le<std::uint32_t>(ByteView(bytes).subspan(table_checksum_at)))
        return std::nullopt;
    return bytes;
}

std::pair<Bytes, ByteOffset> sound_copy(const ByteSource& file, std::vector<std::string>& warnings) {
    auto first = read_table(file, first_region_table);
    auto second = read_table(file, second_region_table);
    if (!first && !second)
        throw corrupt(file, first_region_table,
                      fmt::format("expected a region table here or at byte {}, found two without a valid checksum",
                                  second_region_table.value));
    if (!first || !second)
        warnings.push_back(fmt::format("{}: a region table of the VHDX file is damaged; its other copy was used",
                                       file.place(first ? second_region_table : first_region_table)));
    return first ? std::pair(std::move(*first), first_region_table)
                 : std::pair(std::move(*second), second_region_table);
}

struct RegionEntry {
    Uuid id;
    ByteRange range;
    bool is_required = false;
};

RegionEntry parse_entry(ByteReader& in) {
    RegionEntry entry;
    entry.id.bytes = in.array<16>();
    entry.range.begin = ByteOffset{in.u64le()};
    entry.range.length = ByteCount{in.u32le()};
    entry.is_required = (in.u32le() & 1) != 0;
    return entry;
}

void check_region(const ByteSource& file, ByteOffset at, const RegionEntry& entry) {
    const ByteRange range = entry.range;
    const std::uint64_t size = file.size().value;
    const bool is_inside =
        range.begin.value >= unit && range.begin.value <= size && range.length.value <= size - range.begin.value;
    if (is_inside && range.begin.value % unit == 0 && range.length.value % unit == 0 && !range.empty()) return;
    throw corrupt(file, at,
                  fmt::format("region {}: expected whole MiB from {} on within the {} bytes of the file, found {} "
                              "bytes at {}",
                              entry.id.text(), unit, size, range.length.value, range.begin.value));
}

void take(const ByteSource& file, ByteOffset at, const RegionEntry& entry, ByteRange& region) {
    if (!region.empty())
        throw corrupt(file, at, fmt::format("region {}: expected one of its id, found two", entry.id.text()));
    check_region(file, at, entry);
    region = entry.range;
}

}  // namespace

Regions read_regions(const ByteSource& file, std::vector<std::string>& warnings) {
    const auto [bytes, at] = sound_copy(file, warnings);
    ByteReader in(bytes, fmt::format("'{}': region table", file.name()));
    in.skip(8);
    const std::uint32_t entries = in.u32le();
    if (entries > regions_max)
        throw corrupt(file, at + ByteCount{8},
                      fmt::format("region table: expected at most {} entries, found {}", regions_max, entries));
    in.skip(4);
    Regions regions;
    for (std::uint32_t i = 0; i < entries; ++i) {
        const ByteOffset place = at + ByteCount{region_entries_at + i * region_entry_bytes};
        const RegionEntry entry = parse_entry(in);
        if (entry.id == parse_uuid(block_table_id))
            take(file, place, entry, regions.block_table);
        else if (entry.id == parse_uuid(metadata_id))
            take(file, place, entry, regions.metadata);
        else if (entry.is_required)
            throw unsupported_image(file, fmt::format("the region {}", entry.id.text()));
    }
    if (regions.block_table.empty() || regions.metadata.empty())
        throw corrupt(file, at,
                      fmt::format("region table: expected an entry {}, found none",
                                  regions.metadata.empty() ? metadata_id : block_table_id));
    if (regions.block_table.begin < regions.metadata.end() && regions.metadata.begin < regions.block_table.end())
        throw corrupt(file, at, "region table: expected two regions apart, found two that overlap");
    return regions;
}

Bytes encode_regions(const Regions& regions) {
    ByteWriter out;
    out.u32le(region_signature);
    out.u32le(0);
    out.u32le(2);
    out.u32le(0);
    for (const auto& [id, range] : {std::pair(block_table_id, regions.block_table), {metadata_id, regions.metadata}}) {
        out.append(parse_uuid(id)->bytes);
        out.u64le(range.begin.value);
        out.u32le(static_cast<std::uint32_t>(range.length.value));
        out.u32le(1);  // required
    }
    out.zeros(region_table_bytes - out.size());
    Bytes bytes = out.release();
    store_le(ByteSpan(bytes).subspan(table_checksum_at), crc32c(bytes));
    return bytes;
}

}  // namespace varve::vhdx
