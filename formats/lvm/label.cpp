#include "formats/lvm/label.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/crc.h"
#include "engine/base/error.h"
#include "engine/base/escape.h"

namespace varve::lvm {
namespace {

constexpr std::size_t sector_bytes = 512;
constexpr std::size_t label_header_bytes = 32;
constexpr std::size_t uuid_characters = 32;
constexpr std::size_t label_checksum_covers_from = 20;
constexpr std::string_view label_magic = "LABELONE";
constexpr std::string_view label_type = "LVM2 001";

bool claims_to_be_a_label(ByteView sector) { return text_of(sector).starts_with(label_magic); }

/// {offset, size} pairs up to a pair of zeros.
std::vector<ByteRange> read_areas(ByteReader& in) {
    std::vector<ByteRange> areas;
    for (;;) {
        const ByteRange area{ByteOffset{in.u64le()}, ByteCount{in.u64le()}};
        if (area == ByteRange{}) return areas;
        if (!checked_add(area.begin.value, area.length.value)) in.fail("an area ends beyond any disk");
        areas.push_back(area);
    }
}

void read_extension(ByteReader& in, Label& label) {
    constexpr std::size_t extension_bytes_min = 8;
    if (in.remaining() < extension_bytes_min) return;
    label.extension_version = in.u32le();
    label.extension_flags = in.u32le();
    if (label.extension_version > 0) label.bootloader_areas = read_areas(in);
}

/// Throws unless the header's own fields agree with the sector; returns where the PV header begins in it.
std::size_t check_label_header(ByteView sector, std::uint64_t number, ByteReader& in) {
    in.skip(label_magic.size());
    if (const std::uint64_t stated = in.u64le(); stated != number)
        in.fail(fmt::format("the label's sector number is {}, expected {}, where it is", stated, number));
    const std::uint32_t stored = in.u32le();
    const std::uint32_t found = lvm_crc32(sector.subspan(label_checksum_covers_from));
    if (stored != found)
        in.fail(fmt::format("the checksum of the sector is {:#010x}, expected {:#010x} according to the label", found,
                            stored));
    const std::uint32_t content = in.u32le();
    const std::string_view type = text_of(in.take(label_type.size()));
    if (type != label_type)  // raw bytes, escaped because a message ends at a NUL
        in.fail(fmt::format("the label's type is '{}', expected '{}'", escape_for_display(type), label_type));
    if (content < label_header_bytes || content >= sector_bytes)
        in.fail(fmt::format("the PV header's offset is {}, expected {} to {}", content, label_header_bytes,
                            sector_bytes - 1));
    return content;
}

Label parse_label(ByteView sector, std::uint64_t number, const std::string& place) {
    ByteReader in(sector, place + ": LVM label");
    in.skip(check_label_header(sector, number, in) - label_header_bytes);
    Label label;
    label.sector = number;
    label.uuid = uuid_with_dashes(text_of(in.take(uuid_characters)));
    label.device_size = ByteCount{in.u64le()};
    label.data_areas = read_areas(in);
    label.metadata_areas = read_areas(in);
    read_extension(in, label);
    return label;
}

}  // namespace

std::string uuid_with_dashes(std::string_view uuid) {
    std::string out;
    std::size_t at = 0;
    for (const std::size_t group : {6u, 4u, 4u, 4u, 4u, 4u, 6u}) {
        if (at != 0) out += '-';
        out += uuid.substr(std::min(at, uuid.size()), group);
        at += group;
    }
    return out;
}

bool claims_a_label(ByteView head) {
    for (; head.size() >= label_magic.size(); head = head.subspan(std::min(sector_bytes, head.size())))
        if (claims_to_be_a_label(head)) return true;
    return false;
}

std::optional<Label> read_label(const ByteSourcePtr& pv) {
    Bytes head(std::min<std::uint64_t>(pv->size().value, label_search_bytes) / sector_bytes * sector_bytes);
    pv->read_at(ByteOffset{}, head);
    std::optional<Error> refusal;
    for (std::size_t at = 0; at < head.size(); at += sector_bytes) {
        const ByteView sector = ByteView(head).subspan(at, sector_bytes);
        if (!claims_to_be_a_label(sector)) continue;
        try {
            return parse_label(sector, at / sector_bytes, pv->place(ByteOffset{at}));
        } catch (const Error& e) {  // a later sector may hold the good one
            if (!refusal) refusal = e;
        }
    }
    if (refusal) throw *refusal;
    return std::nullopt;
}

}  // namespace varve::lvm
