#include "formats/lvm/segment_parser.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace varve::lvm {
namespace {

using Content = decltype(Segment::what);

constexpr std::uint64_t thin_device_id_max = (1 << 24) - 1;

/// Splits "thin-pool+CROP_METADATA": "thin-pool" goes to `segment.type`, the rest to its flags.
void split_type(std::string_view text, Segment& segment) {
    std::size_t plus = std::min(text.find('+'), text.size());
    segment.type = text.substr(0, plus);
    while (plus < text.size()) {
        const std::size_t next = std::min(text.find('+', plus + 1), text.size());
        segment.flags.emplace_back(text.substr(plus + 1, next - plus - 1));
        plus = next;
    }
}

/// Whether the flag does not affect where the bytes of a segment are.
bool is_harmless(const Segment& segment, std::string_view flag) {
    return segment.type == "thin-pool" && flag == "CROP_METADATA";
}

/// One list holds the name and the begin of each stripe, one after the other.
std::vector<StripeLeg> parse_legs(const MetadataFields& fields) {
    const TextList& list = fields.list("stripes");
    const std::uint64_t count = fields.number("stripe_count", 1, MetadataFields::sectors_max);
    if (list.size() % 2 != 0 || list.size() / 2 != count)
        fields.fail("stripes", fmt::format("expected {} pairs of device and extent according to 'stripe_count', found "
                                           "{} values",
                                           count, list.size()));
    std::vector<StripeLeg> legs;
    for (std::size_t i = 0; i < list.size(); i += 2) {
        const auto* device = std::get_if<std::string>(&list[i]);
        const auto* begin = std::get_if<std::int64_t>(&list[i + 1]);
        if (device == nullptr || begin == nullptr || *begin < 0)
            fields.fail("stripes", fmt::format("values {} and {} are not a pair of device and extent", i + 1, i + 2));
        legs.push_back({*device, static_cast<ExtentNumber>(*begin)});
    }
    return legs;
}

Content parse_striped(const MetadataFields& fields, const Segment& segment, ByteCount extent_size) {
    StripedSegment striped;
    striped.legs = parse_legs(fields);
    const std::size_t legs = striped.legs.size();
    if (legs == 1) return striped;
    striped.stripe_size = fields.sectors("stripe_size", 1, MetadataFields::sectors_max);
    if (segment.count % legs != 0)
        fields.fail("extent_count", fmt::format("{} extents are not divisible by {} stripes", segment.count, legs));
    const std::optional<std::uint64_t> leg_bytes = checked_mul(segment.count / legs, extent_size.value);
    if (!leg_bytes || *leg_bytes % striped.stripe_size.value != 0)
        fields.fail("stripe_size", fmt::format("stripes of {} bytes do not fill {} extents of {} bytes",
                                               striped.stripe_size.value, segment.count / legs, extent_size.value));
    return striped;
}

Content parse_snapshot(const MetadataFields& fields) {
    SnapshotSegment snapshot;
    snapshot.chunk_size = fields.sectors("chunk_size", 1, MetadataFields::sectors_max);
    snapshot.origin = fields.string("origin");
    snapshot.is_merging = fields.has("merging_store");
    if (snapshot.is_merging && fields.has("cow_store"))
        fields.fail("merging_store", "expected either this or 'cow_store', found both");
    snapshot.store = fields.string(snapshot.is_merging ? "merging_store" : "cow_store");
    return snapshot;
}

Content parse_thin_pool(const MetadataFields& fields) {
    ThinPoolSegment pool;
    pool.metadata = fields.string("metadata");
    pool.data = fields.string("pool");
    pool.transaction_id = fields.number("transaction_id", 0, MetadataFields::number_max);
    pool.chunk_size = fields.sectors("chunk_size", 1, MetadataFields::sectors_max);
    pool.zeroes_new_blocks = fields.optional_number("zero_new_blocks", 0, MetadataFields::number_max).value_or(0) != 0;
    const auto& entries = fields.section().entries;
    pool.has_messages =
        std::any_of(entries.begin(), entries.end(), [](const TextEntry& entry) { return entry.section() != nullptr; });
    return pool;
}

Content parse_thin(const MetadataFields& fields) {
    ThinSegment thin;
    thin.pool = fields.string("thin_pool");
    thin.transaction_id = fields.number("transaction_id", 0, MetadataFields::number_max);
    thin.device_id = static_cast<std::uint32_t>(fields.number("device_id", 0, thin_device_id_max));
    thin.origin = fields.optional_string("origin");
    thin.external_origin = fields.optional_string("external_origin");
    thin.merges_into = fields.optional_string("merge");
    return thin;
}

Content parse_content(const MetadataFields& fields, const Segment& segment, ByteCount extent_size) {
    for (const std::string& flag : segment.flags)
        if (!is_harmless(segment, flag)) return OtherSegment{};
    if (segment.type == "striped" || segment.type == "linear") return parse_striped(fields, segment, extent_size);
    if (segment.type == "zero") return ZeroSegment{};
    if (segment.type == "error") return ErrorSegment{};
    if (segment.type == "snapshot") return parse_snapshot(fields);
    if (segment.type == "thin-pool") return parse_thin_pool(fields);
    if (segment.type == "thin") return parse_thin(fields);
    return OtherSegment{};
}

}  // namespace

Segment parse_segment(const MetadataFields& fields, ByteCount extent_size) {
    Segment segment;
    segment.begin = fields.number("start_extent", 0, MetadataFields::number_max);
    segment.count = fields.number("extent_count", 1, MetadataFields::number_max);
    split_type(fields.string("type"), segment);
    segment.what = parse_content(fields, segment, extent_size);
    return segment;
}

}  // namespace varve::lvm
