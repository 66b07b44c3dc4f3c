#include "engine/repository/slot_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/repository/slot_record.h"

namespace varve {
namespace {

constexpr std::string_view slot_table_magic = "VSLT";
constexpr std::uint32_t slot_table_version = 1;
constexpr std::uint32_t frame_record_bytes = 32;

struct Counts {
    std::uint32_t frames = 0;
    std::uint32_t slots = 0;
    std::uint32_t patch_bases = 0;
};

void encode_frame(const Frame& frame, ByteWriter& to) {
    VARVE_CHECK(frame.slot_count > 0 && frame.slot_count <= 0xffff);
    to.u64le(frame.offset);
    to.u32le(frame.header_bytes);
    to.u32le(frame.stored_bytes);
    to.u32le(frame.plain_bytes);
    to.u32le(frame.first_slot);
    to.u16le(static_cast<std::uint16_t>(frame.slot_count));
    to.u8(static_cast<std::uint8_t>(frame.codec));
    to.zeros(5);
}

Frame parse_frame(ByteReader& from) {
    Frame frame;
    frame.offset = from.u64le();
    frame.header_bytes = from.u32le();
    frame.stored_bytes = from.u32le();
    frame.plain_bytes = from.u32le();
    frame.first_slot = from.u32le();
    frame.slot_count = from.u16le();
    frame.codec = parse_frame_codec(from);
    from.skip(5);
    return frame;
}

/// The head of the table; the counts are proved against the bytes that follow.
Counts parse_counts(ByteReader& from) {
    if (text_of(from.take(slot_table_magic.size())) != slot_table_magic)
        from.fail("expected the magic VSLT of a slot table");
    if (const std::uint32_t version = from.u32le(); version != slot_table_version)
        from.fail(fmt::format("expected slot table version {}, found {}", slot_table_version, version));
    Counts counts;
    counts.frames = from.u32le();
    counts.slots = from.u32le();
    counts.patch_bases = from.u32le();
    from.skip(4);
    if (counts.slots > slots_per_pack_max)
        from.fail(fmt::format("expected at most {} slots, found {}", slots_per_pack_max, counts.slots));
    if (counts.frames > counts.slots || counts.patch_bases > counts.slots)
        from.fail(fmt::format("{} frames and {} patch bases do not fit {} slots", counts.frames, counts.patch_bases,
                              counts.slots));
    const std::uint64_t expected = std::uint64_t{counts.frames} * frame_record_bytes +
                                   std::uint64_t{counts.slots} * slot_record_bytes +
                                   std::uint64_t{counts.patch_bases} * patch_base_record_bytes;
    if (expected != from.remaining())
        from.fail(fmt::format("expected {} bytes of records, found {}", expected, from.remaining()));
    return counts;
}

/// Frames ascend without overlap, and number the slots without gaps.
void check_frames(const SlotTable& table, const ByteReader& at) {
    std::uint64_t end = 0;
    std::uint64_t next_slot = 0;
    for (std::size_t i = 0; i < table.frames.size(); ++i) {
        const Frame& frame = table.frames[i];
        if (frame.offset < end || frame.offset > (std::uint64_t{1} << 62))
            at.fail(fmt::format("expected frame {} at offset {} or after, found {}", i, end, frame.offset));
        if (frame.first_slot != next_slot)
            at.fail(fmt::format("expected frame {} to begin with slot {}, found {}", i, next_slot, frame.first_slot));
        if (frame.slot_count > table.slots.size() - next_slot)
            at.fail(fmt::format("expected at most {} slots in frame {}, found {}", table.slots.size() - next_slot, i,
                                frame.slot_count));
        const auto slots = std::span(table.slots).subspan(frame.first_slot, frame.slot_count);
        check_frame(frame, static_cast<std::uint32_t>(i), slots, at);
        next_slot += frame.slot_count;
        end = frame.offset + frame.header_bytes + frame.stored_bytes;
    }
    if (next_slot != table.slots.size())
        at.fail(fmt::format("expected frames for {} slots, found {}", table.slots.size(), next_slot));
}

}  // namespace

const ChunkAddress& SlotTable::base_of(std::uint32_t slot) const {
    const auto found = std::lower_bound(patch_bases.begin(), patch_bases.end(), slot,
                                        [](const PatchBase& base, std::uint32_t number) { return base.slot < number; });
    VARVE_CHECK(found != patch_bases.end() && found->slot == slot);
    return found->base;
}

Bytes encode(const SlotTable& table) {
    VARVE_CHECK(table.slots.size() <= slots_per_pack_max && table.frames.size() <= table.slots.size());
    ByteWriter to;
    to.append(bytes_of(slot_table_magic));
    to.u32le(slot_table_version);
    to.u32le(static_cast<std::uint32_t>(table.frames.size()));
    to.u32le(static_cast<std::uint32_t>(table.slots.size()));
    to.u32le(static_cast<std::uint32_t>(table.patch_bases.size()));
    to.u32le(0);
    for (const Frame& frame : table.frames) encode_frame(frame, to);
    for (const Slot& slot : table.slots) encode_slot(slot, to);
    for (const PatchBase& base : table.patch_bases) encode_patch_base(base, to);
    return to.release();
}

SlotTable parse_slot_table(ByteView bytes, const std::string& object) {
    ByteReader from(bytes, object);
    const Counts counts = parse_counts(from);
    SlotTable table;
    table.frames.reserve(counts.frames);
    table.slots.reserve(counts.slots);
    table.patch_bases.reserve(counts.patch_bases);
    for (std::uint32_t i = 0; i < counts.frames; ++i) table.frames.push_back(parse_frame(from));
    for (std::uint32_t i = 0; i < counts.slots; ++i) table.slots.push_back(parse_slot(from));
    for (std::uint32_t i = 0; i < counts.patch_bases; ++i) table.patch_bases.push_back(parse_patch_base(from));
    check_frames(table, from);
    check_patch_bases(0, table.slots, table.patch_bases, from);
    return table;
}

}  // namespace varve
