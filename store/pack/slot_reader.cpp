#include "store/pack/slot_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/repository/slot_record.h"
#include "store/pack/frame_codec.h"
#include "store/pack/pack_names.h"
#include "store/pack/pack_reader.h"
#include "store/pack/patch.h"

namespace varve {
namespace {

constexpr std::uint64_t run_bytes_max = 2u << 20;
constexpr ByteCount cache_bytes_max = mib(32);

ByteView content_of(const Slot& slot, ByteView plain) { return plain.subspan(slot.offset, slot.length); }

std::string describe_frame(const std::string& object, const SlotTable& table, std::uint32_t frame) {
    return fmt::format("{}, frame {} at offset {}", object, frame, table.frames[frame].offset);
}

const Slot& slot_at(const Backend& backend, const PackId& pack, const SlotTable& table, std::uint32_t slot) {
    if (slot >= table.slots.size())
        throw Error(ErrorCode::corrupt,
                    fmt::format("pack file '{}': expected at most {} slots, found an address of slot {}",
                                backend.locate(pack_name(pack)), table.slots.size(), slot));
    return table.slots[slot];
}

[[noreturn]] void fail_kind(const Backend& backend, const PackId& pack, const SlotTable& table, std::uint32_t slot,
                            const char* expected) {
    throw Error(
        ErrorCode::corrupt,
        fmt::format("{}: expected {}, found a slot of kind {}; 'varve verify' reports what is affected",
                    describe_slot(backend, pack, table, slot), expected, static_cast<int>(table.slots[slot].kind)));
}

}  // namespace

std::string describe_slot(const Backend& backend, const PackId& pack, const SlotTable& table, std::uint32_t slot) {
    const std::uint32_t frame = table.slots[slot].frame;
    return fmt::format("pack file '{}', slot {} in frame {} at offset {}", backend.locate(pack_name(pack)), slot, frame,
                       table.frames[frame].offset);
}

void check_content(const Backend& backend, const PackId& pack, const SlotTable& table, std::uint32_t slot,
                   ByteView content) {
    const Digest found = sha256(content);
    if (found == table.slots[slot].id) return;
    throw Error(ErrorCode::corrupt,
                fmt::format("{}: expected content with id {}, found {}; 'varve verify' reports what is affected",
                            describe_slot(backend, pack, table, slot), to_hex(table.slots[slot].id.view()),
                            to_hex(found.view())));
}

/// One resolved address of a call.
struct SlotReader::Want {
    ChunkAddress at;    ///< where it is now
    std::size_t index;  ///< in the caller's list
    friend bool operator<(const Want& a, const Want& b) { return a.at != b.at ? a.at < b.at : a.index < b.index; }
};

/// The wants that are in one frame.
struct SlotReader::FrameWant {
    std::uint32_t frame;
    std::span<const Want> wants;
    bool whole;  ///< every slot of the frame is wanted, so caching it is not worthwhile
};

SlotReader::SlotReader(const Backend& backend, const SlotDirectory& directory)
    : backend_(backend), directory_(directory), cache_(cache_bytes_max) {}

void SlotReader::get_chunks(std::span<const ChunkAddress> addresses, const ChunkSink& sink) const {
    fetch(addresses, Wanted::chunk_or_patch, sink);
}

void SlotReader::get_base(const ChunkAddress& address, const ChunkSink& sink) const {
    fetch(std::span(&address, 1), Wanted::base, sink);
}

void SlotReader::fetch(std::span<const ChunkAddress> addresses, Wanted wanted, const ChunkSink& sink) const {
    Tables tables;
    const std::vector<Want> wants = plan(addresses, wanted, tables);
    for (std::size_t begin = 0, end = 0; begin < wants.size(); begin = end) {
        const PackId& pack = wants[begin].at.pack;
        while (end < wants.size() && wants[end].at.pack == pack) ++end;
        fetch_pack(std::span(wants).subspan(begin, end - begin), *tables.at(pack), sink);
    }
}

/// Where everything is now, in the order of reading.
std::vector<SlotReader::Want> SlotReader::plan(std::span<const ChunkAddress> addresses, Wanted wanted,
                                               Tables& tables) const {
    std::vector<Want> wants;
    wants.reserve(addresses.size());
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        const ChunkAddress at = resolve(addresses[i]);
        TablePtr& table = tables[at.pack];
        if (table == nullptr) table = directory_.slots(at.pack);
        const SlotKind kind = slot_at(backend_, at.pack, *table, at.slot).kind;
        if (wanted == Wanted::base && kind != SlotKind::chunk)
            fail_kind(backend_, at.pack, *table, at.slot, "the whole chunk under a patch");
        if (!is_data(kind)) fail_kind(backend_, at.pack, *table, at.slot, "a chunk");
        wants.push_back({at, i});
    }
    std::sort(wants.begin(), wants.end());
    return wants;
}

ChunkAddress SlotReader::resolve(const ChunkAddress& address) const {
    if (const auto at = directory_.current(address)) return *at;
    throw Error(
        ErrorCode::not_found,
        fmt::format("slot {} of pack {} was discarded by a prune and its content no longer exists; 'varve verify' "
                    "reports what is affected",
                    address.slot, address.pack.hex()));
}

/// Groups the wants of one pack into frames, and adjacent frames into runs that are read at once.
void SlotReader::fetch_pack(std::span<const Want> wants, const SlotTable& table, const ChunkSink& sink) const {
    std::vector<FrameWant> frames;
    for (std::size_t begin = 0, end = 0; begin < wants.size(); begin = end) {
        const std::uint32_t frame = table.slots[wants[begin].at.slot].frame;
        std::uint32_t distinct = 0;
        for (; end < wants.size() && table.slots[wants[end].at.slot].frame == frame; ++end)
            if (end == begin || wants[end].at != wants[end - 1].at) ++distinct;
        frames.push_back({frame, wants.subspan(begin, end - begin), distinct == table.frames[frame].slot_count});
    }
    const PackId& pack = wants.front().at.pack;
    for (std::size_t begin = 0, end = 0; begin < frames.size(); begin = end) {
        end = begin + 1;
        if (const auto cached = cache_.find(pack, frames[begin].frame)) {
            deliver(pack, table, frames[begin].wants, *cached, sink);
            continue;
        }
        const std::uint64_t offset = table.frames[frames[begin].frame].offset;
        while (end < frames.size() &&
               table.frames[frames[end].frame].offset == table.frames[frames[end - 1].frame].end() &&
               table.frames[frames[end].frame].end() - offset <= run_bytes_max)
            ++end;
        fetch_run(pack, table, std::span(frames).subspan(begin, end - begin), sink);
    }
}

/// Reads adjacent frames in one go, then decodes and delivers each.
void SlotReader::fetch_run(const PackId& pack, const SlotTable& table, std::span<const FrameWant> run,
                           const ChunkSink& sink) const {
    const PackReader reader(backend_, pack);
    const std::uint64_t begin = table.frames[run.front().frame].offset;
    Bytes stored(table.frames[run.back().frame].end() - begin);
    reader.read({begin}, stored);
    Bytes whole_plain;
    for (const FrameWant& want : run) {
        const Frame& frame = table.frames[want.frame];
        const ByteView payload =
            ByteView(stored).subspan(frame.offset - begin + frame.header_bytes, frame.stored_bytes);
        const std::string object = describe_frame(reader.object(), table, want.frame);
        if (want.whole) {
            whole_plain.resize(frame.plain_bytes);
            decode_frame(frame, payload, whole_plain, object);
            deliver(pack, table, want.wants, whole_plain, sink);
        } else {
            const auto plain = std::make_shared<Bytes>(frame.plain_bytes);
            decode_frame(frame, payload, *plain, object);
            cache_.insert(pack, want.frame, plain);
            deliver(pack, table, want.wants, *plain, sink);
        }
    }
}

void SlotReader::deliver(const PackId& pack, const SlotTable& table, std::span<const Want> wants, ByteView plain,
                         const ChunkSink& sink) const {
    std::vector<Want> patches;
    for (std::size_t i = 0; i < wants.size(); ++i) {
        const std::uint32_t number = wants[i].at.slot;
        const Slot& slot = table.slots[number];
        if (slot.kind == SlotKind::patch) {
            patches.push_back(wants[i]);
            continue;
        }
        if (i == 0 || wants[i - 1].at.slot != number) check_or_drop(pack, table, number, content_of(slot, plain));
        sink(wants[i].index, content_of(slot, plain));
    }
    if (!patches.empty()) deliver_patches(pack, table, patches, plain, sink);
}

void SlotReader::deliver_patches(const PackId& pack, const SlotTable& table, std::span<const Want> patches,
                                 ByteView plain, const ChunkSink& sink) const {
    std::vector<ChunkAddress> bases;
    for (const Want& want : patches) bases.push_back(table.base_of(want.at.slot));
    Bytes chunk(chunk_bytes);
    fetch(bases, Wanted::base, [&](std::size_t i, ByteView base) {
        const std::uint32_t number = patches[i].at.slot;
        const Slot& slot = table.slots[number];
        std::copy(base.begin(), base.end(), chunk.begin());
        apply_patch(slot, content_of(slot, plain), chunk);
        check_or_drop(pack, table, number, chunk);
        sink(patches[i].index, chunk);
    });
}

Bytes SlotReader::get_metadata(const ChunkAddress& address, SlotKind kind) const {
    const ChunkAddress at = resolve(address);
    const TablePtr table = directory_.slots(at.pack);
    if (slot_at(backend_, at.pack, *table, at.slot).kind != kind)
        fail_kind(backend_, at.pack, *table, at.slot, fmt::format("a slot of kind {}", static_cast<int>(kind)).c_str());
    return read_slot(at.pack, *table, at.slot);
}

Bytes SlotReader::read_slot(const PackId& pack, const SlotTable& table, std::uint32_t slot) const {
    const Slot& record = slot_at(backend_, pack, table, slot);
    if (record.kind == SlotKind::patch) fail_kind(backend_, pack, table, slot, "whole content");
    if (const auto cached = cache_.find(pack, record.frame)) {
        const ByteView content = content_of(record, *cached);
        if (sha256(content) == record.id) return {content.begin(), content.end()};
    }
    const auto plain = read_frame(pack, table, record.frame);
    const ByteView content = content_of(record, *plain);
    check_or_drop(pack, table, slot, content);
    return {content.begin(), content.end()};
}

std::shared_ptr<const Bytes> SlotReader::read_frame(const PackId& pack, const SlotTable& table,
                                                    std::uint32_t frame) const {
    const PackReader reader(backend_, pack);
    const Frame& record = table.frames[frame];
    Bytes payload(record.stored_bytes);
    reader.read({record.offset + record.header_bytes}, payload);
    const auto plain = std::make_shared<Bytes>(record.plain_bytes);
    decode_frame(record, payload, *plain, describe_frame(reader.object(), table, frame));
    cache_.insert(pack, frame, plain);
    return plain;
}

void SlotReader::check_or_drop(const PackId& pack, const SlotTable& table, std::uint32_t slot, ByteView content) const {
    try {
        check_content(backend_, pack, table, slot, content);
    } catch (const Error&) {
        cache_.drop(pack, table.slots[slot].frame);
        throw;
    }
}

}  // namespace varve
