#include "formats/lvm/volume_group_parser.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/lvm/metadata_fields.h"
#include "formats/lvm/segment_parser.h"

namespace varve::lvm {
namespace {

constexpr std::uint64_t bytes_max = std::numeric_limits<std::int64_t>::max();

/// Indices of `items`, sorted by one of their texts.
template <typename Item>
std::vector<std::uint32_t> ordered_by(const std::vector<Item>& items, std::string Item::*text) {
    std::vector<std::uint32_t> order(items.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return items[a].*text < items[b].*text; });
    return order;
}

template <typename Item>
void refuse_duplicate_uuids(const std::vector<Item>& items, const MetadataFields& group) {
    const std::vector<std::uint32_t> order = ordered_by(items, &Item::uuid);
    for (std::size_t i = 1; i < order.size(); ++i) {
        const Item& before = items[order[i - 1]];
        const Item& item = items[order[i]];
        if (before.uuid == item.uuid) group.fail(fmt::format("'{}' and '{}' have the same id", before.name, item.name));
    }
}

void check_format(const MetadataFields& top, const std::string& where) {
    if (const std::string contents = top.string("contents"); contents != "Text Format Volume Group")
        top.fail("contents", fmt::format("expected \"Text Format Volume Group\", found \"{}\"", contents));
    if (const std::uint64_t version = top.number("version", 0, MetadataFields::number_max); version != 1)
        throw Error(ErrorCode::unsupported,
                    fmt::format("{}: the text's version is {}; only version 1 is read", where, version));
}

/// The only section of the top level.
const TextEntry& group_entry(const MetadataFields& top) {
    const TextEntry* found = nullptr;
    for (const TextEntry& entry : top.section().entries) {
        if (entry.section() == nullptr) continue;
        if (found != nullptr) top.fail(entry.name, "expected one volume group, found a second section");
        found = &entry;
    }
    if (found == nullptr) top.fail("expected the section of a volume group, found none");
    return *found;
}

/// An unknown word may mean that the group must not be touched.
void check_status(const MetadataFields& group, const std::vector<std::string>& status, const std::string& where) {
    constexpr std::string_view known[] = {"RESIZEABLE", "READ",   "WRITE",  "EXPORTED",
                                          "CLUSTERED",  "SHARED", "PVMOVE", "PARTIAL"};
    for (const std::string& word : status)
        if (std::find(std::begin(known), std::end(known), word) == std::end(known))
            throw Error(
                ErrorCode::unsupported,
                fmt::format("{}: volume group '{}' has the unknown status '{}', which may mean that the group must not "
                            "be read",
                            where, group.path(), word));
}

bool has_word(const MetadataFields& fields, std::string_view key, std::string_view word) {
    const std::vector<std::string> words = fields.words(key);
    return std::ranges::find(words, word) != words.end();
}

PhysicalVolumeEntry parse_physical_volume(const MetadataFields& fields, const std::string& name,
                                          ByteCount extent_size) {
    PhysicalVolumeEntry pv;
    pv.name = name;
    pv.uuid = fields.string("id");
    pv.first_extent = ByteOffset{} + fields.sectors("pe_start", 0, MetadataFields::number_max);
    pv.extent_count = fields.number("pe_count", 0, MetadataFields::number_max);
    pv.is_marked_missing = has_word(fields, "flags", "MISSING") || has_word(fields, "status", "MISSING");
    const auto bytes = checked_mul(pv.extent_count, extent_size.value);
    const auto end = bytes ? checked_add(*bytes, pv.first_extent.value) : std::nullopt;
    if (!end || *end > bytes_max)
        fields.fail("pe_count", fmt::format("{} extents from byte {} end beyond any device", pv.extent_count,
                                            pv.first_extent.value));
    return pv;
}

std::vector<Segment> parse_segments(const MetadataFields& volume, ByteCount extent_size) {
    std::vector<Segment> segments;
    ExtentNumber end = 0;
    for (const TextEntry& entry : volume.section().entries) {
        if (entry.section() == nullptr || !entry.name.starts_with("segment")) continue;
        const MetadataFields fields = volume.inside(entry);
        segments.push_back(parse_segment(fields, extent_size));
        const Segment& segment = segments.back();
        if (segment.begin != end)
            fields.fail("start_extent",
                        fmt::format("expected {}, where the previous segment ends, found {}", end, segment.begin));
        end += segment.count;  // both below 2^63
        if (const auto bytes = checked_mul(end, extent_size.value); !bytes || *bytes > bytes_max)
            fields.fail("extent_count", "the volume is larger than any device");
    }
    const std::uint64_t count = volume.number("segment_count", 1, MetadataFields::number_max);
    if (segments.size() != count)
        volume.fail("segment_count",
                    fmt::format("expected {}, the number of segments, found {}", segments.size(), count));
    return segments;
}

LogicalVolume parse_volume(const MetadataFields& fields, const std::string& name, ByteCount extent_size) {
    LogicalVolume volume;
    volume.name = name;
    volume.uuid = fields.string("id");
    volume.status = fields.words("status");
    volume.flags = fields.words("flags");
    volume.creation_time =
        static_cast<std::int64_t>(fields.optional_number("creation_time", 0, MetadataFields::number_max).value_or(0));
    volume.segments = parse_segments(fields, extent_size);
    const Segment& last = volume.segments.back();
    volume.size = ByteCount{(last.begin + last.count) * extent_size.value};
    return volume;
}

/// The result of `parse` for each section inside the section `name`; empty if that is missing.
template <typename Item>
std::vector<Item> parse_each(const MetadataFields& group, std::string_view name, ByteCount extent_size,
                             Item (*parse)(const MetadataFields&, const std::string&, ByteCount)) {
    std::vector<Item> items;
    const std::optional<MetadataFields> fields = group.inside(name);
    if (!fields) return items;
    for (const TextEntry& entry : fields->section().entries)
        items.push_back(parse(fields->inside(entry), entry.name, extent_size));
    return items;
}

VolumeGroup parse_group(const MetadataFields& fields, const std::string& where) {
    VolumeGroup group;
    group.name = fields.path();
    if (const auto format = fields.optional_string("format"); format && *format != "lvm2")
        throw Error(ErrorCode::unsupported, fmt::format("{}: volume group '{}' has the format '{}'; only lvm2 is read",
                                                        where, group.name, *format));
    group.uuid = fields.string("id");
    group.seqno = fields.number("seqno", 0, MetadataFields::number_max);
    group.status = fields.words("status");
    check_status(fields, group.status, where);
    group.lock_type = fields.optional_string("lock_type");
    group.system_id = fields.optional_string("system_id").value_or("");
    group.extent_size = fields.sectors("extent_size", 1, MetadataFields::sectors_max);
    group.physical_volumes = parse_each(fields, "physical_volumes", group.extent_size, parse_physical_volume);
    group.volumes = parse_each(fields, "logical_volumes", group.extent_size, parse_volume);
    refuse_duplicate_uuids(group.physical_volumes, fields);
    refuse_duplicate_uuids(group.volumes, fields);
    group.physical_volumes_by_name = ordered_by(group.physical_volumes, &PhysicalVolumeEntry::name);
    group.volumes_by_name = ordered_by(group.volumes, &LogicalVolume::name);
    return group;
}

}  // namespace

VolumeGroup parse_volume_group(std::string_view text, const std::string& where) {
    const TextSection tree = parse_text(text, where);
    const MetadataFields top(tree, "the top level", 1, where);
    check_format(top, where);
    const TextEntry& entry = group_entry(top);
    return parse_group(MetadataFields(*entry.section(), entry.name, entry.line, where), where);
}

}  // namespace varve::lvm
