#include "store/object/log_records.h"

#include <limits>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/repository/slot_record.h"
#include "store/object/envelope.h"
#include "store/object/records.h"

namespace varve {
namespace {

void write_statistics(ByteWriter& to, const BackupStatistics& s) {
    for (const std::uint64_t value : {s.bytes_scanned, s.bytes_audited, s.bytes_changed, s.bytes_stored, s.chunks_new,
                                      s.chunks_reused, s.duration_ns})
        to.u64le(value);
}

BackupStatistics read_statistics(ByteReader& from) {
    BackupStatistics s;
    for (std::uint64_t* value : {&s.bytes_scanned, &s.bytes_audited, &s.bytes_changed, &s.bytes_stored, &s.chunks_new,
                                 &s.chunks_reused, &s.duration_ns})
        *value = from.u64le();
    return s;
}

std::vector<Attachment> read_attachments(ByteReader& from) {
    std::vector<Attachment> attachments;
    for (std::uint16_t left = from.u16le(); left > 0; --left) {
        Attachment attachment;
        attachment.name = read_text(from);
        attachment.address = read_address(from);
        attachment.bytes = from.u64le();
        attachments.push_back(std::move(attachment));
    }
    return attachments;
}

std::vector<ByteRange> read_ranges(ByteReader& from) {
    std::vector<ByteRange> ranges;
    for (std::size_t left = from.count(16); left > 0; --left) {
        const ByteOffset begin{from.u64le()};
        ranges.push_back({begin, {from.u64le()}});
    }
    return ranges;
}

}  // namespace

std::uint16_t count16(std::size_t count) {
    if (count > std::numeric_limits<std::uint16_t>::max())
        throw Error(ErrorCode::usage, fmt::format("{} items are too many to store", count));
    return static_cast<std::uint16_t>(count);
}

void write_snapshot(ByteWriter& to, const SnapshotRecord& snapshot) {
    to.append(snapshot.id.view());
    to.append(snapshot.parent.view());
    write_text(to, snapshot.disk);
    write_i64(to, snapshot.time);
    to.u64le(snapshot.size.value);
    to.append(snapshot.root.view());
    to.append(snapshot.map_digest.view());
    write_address(to, snapshot.map);
    write_text(to, snapshot.source.path);
    write_text(to, snapshot.source.format);
    write_text(to, snapshot.source.snapshot);
    write_map(to, snapshot.source.options);
    write_text(to, to_text(snapshot.change_detection));
    if (snapshot.change_token.size() > envelope_body_bytes_max)
        throw Error(ErrorCode::usage,
                    fmt::format("a change token of {} bytes is too long", snapshot.change_token.size()));
    to.u32le(static_cast<std::uint32_t>(snapshot.change_token.size()));
    to.append(snapshot.change_token);
    write_map(to, snapshot.tags);
    write_statistics(to, snapshot.statistics);
    to.u16le(count16(snapshot.attachments.size()));
    for (const Attachment& attachment : snapshot.attachments) {
        write_text(to, attachment.name);
        write_address(to, attachment.address);
        to.u64le(attachment.bytes);
    }
    write_text(to, snapshot.group);
    write_text(to, snapshot.source.state);
    to.u32le(static_cast<std::uint32_t>(snapshot.unreadable.size()));
    for (const ByteRange& range : snapshot.unreadable) {
        to.u64le(range.begin.value);
        to.u64le(range.length.value);
    }
}

SnapshotRecord read_snapshot(ByteReader& from) {
    SnapshotRecord snapshot;
    snapshot.id.bytes = from.array<16>();
    snapshot.parent.bytes = from.array<16>();
    snapshot.disk = read_text(from);
    snapshot.time = read_i64(from);
    snapshot.size = {from.u64le()};
    snapshot.root.bytes = from.array<32>();
    snapshot.map_digest.bytes = from.array<32>();
    snapshot.map = read_address(from);
    snapshot.source.path = read_text(from);
    snapshot.source.format = read_text(from);
    snapshot.source.snapshot = read_text(from);
    snapshot.source.options = read_map(from);
    snapshot.change_detection = parse_change_detection(read_text(from));
    const ByteView token = from.take(from.count(1));
    snapshot.change_token.assign(token.begin(), token.end());
    snapshot.tags = read_map(from);
    snapshot.statistics = read_statistics(from);
    snapshot.attachments = read_attachments(from);
    if (from.remaining() == 0) return snapshot;  // written before the fields below were added
    snapshot.group = read_text(from);
    snapshot.source.state = read_text(from);
    snapshot.unreadable = read_ranges(from);
    return snapshot;
}

void write_pack_facts(ByteWriter& to, const PackFacts& pack) {
    to.append(pack.id.view());
    to.u8(static_cast<std::uint8_t>(pack.kind));
    to.append(pack.digest.view());
    to.u64le(pack.size.value);
}

PackFacts read_pack_facts(ByteReader& from) {
    PackFacts pack;
    pack.id.bytes = from.array<16>();
    pack.kind = parse_pack_kind(from);
    pack.digest.bytes = from.array<32>();
    pack.size = {from.u64le()};
    return pack;
}

}  // namespace varve
