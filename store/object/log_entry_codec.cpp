#include "store/object/log_entry_codec.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "store/object/envelope.h"
#include "store/object/log_records.h"
#include "store/object/records.h"

namespace varve {
namespace {

constexpr std::uint16_t head_record = 1;
constexpr std::uint16_t snapshot_record = 10;
constexpr std::uint16_t pack_record = 11;
constexpr std::uint16_t hit_pack_record = 12;
constexpr std::uint16_t forgotten_record = 20;
constexpr std::uint16_t move_table_record = 30;
constexpr std::uint16_t condemned_record = 31;
constexpr std::uint16_t tags_record = 40;

/// On-disk numbers of the entry kinds, in the order of LogEntry::body's alternatives.
constexpr std::uint8_t commit_kind = 1;
constexpr std::uint8_t forget_kind = 2;
constexpr std::uint8_t move_kind = 3;
constexpr std::uint8_t tag_kind = 4;

template <typename Id>
Id read_id(ByteReader& from) {
    Id id;
    id.bytes = from.array<16>();
    return id;
}

void write_head(ByteWriter& to, const LogEntry& entry, const LogHead& before) {
    to.u64le(before.number + 1);
    to.append(before.digest.view());
    to.u8(static_cast<std::uint8_t>(entry.body.index() + 1));
    to.append(entry.nonce);
    write_i64(to, entry.written);
    write_text(to, entry.host);
    write_text(to, entry.program);
}

/// Writes the records of one kind of entry, all of them critical.
class BodyWriter {
public:
    explicit BodyWriter(RecordWriter& records) : records_(records) {}

    void operator()(const CommitEntry& commit) const {
        for (const SnapshotRecord& snapshot : commit.snapshots)
            record(snapshot_record, [&](ByteWriter& to) { write_snapshot(to, snapshot); });
        for (const PackFacts& pack : commit.packs)
            record(pack_record, [&](ByteWriter& to) { write_pack_facts(to, pack); });
        for (const PackId& pack : commit.hit_packs)
            record(hit_pack_record, [&](ByteWriter& to) { to.append(pack.view()); });
    }

    void operator()(const ForgetEntry& forget) const {
        for (const SnapshotId& snapshot : forget.snapshots)
            record(forgotten_record, [&](ByteWriter& to) { to.append(snapshot.view()); });
    }

    void operator()(const MoveEntry& move) const {
        for (const ChunkAddress& table : move.tables)
            record(move_table_record, [&](ByteWriter& to) { write_address(to, table); });
        for (const PackFacts& pack : move.packs)
            record(pack_record, [&](ByteWriter& to) { write_pack_facts(to, pack); });
        for (const PackId& pack : move.condemned)
            record(condemned_record, [&](ByteWriter& to) { to.append(pack.view()); });
    }

    void operator()(const TagEntry& tag) const {
        record(tags_record, [&](ByteWriter& to) {
            to.append(tag.snapshot.view());
            write_map(to, tag.added);
            to.u16le(count16(tag.removed.size()));
            for (const std::string& key : tag.removed) write_text(to, key);
        });
    }

private:
    void record(std::uint16_t type, const std::function<void(ByteWriter&)>& fill) const {
        records_.record(type, RecordNeed::critical, fill);
    }

    RecordWriter& records_;
};

/// Everything in the records of an entry, before its kind is known: the head may come last.
struct Gathered {
    bool has_head = false;
    std::uint8_t kind = 0;
    CommitEntry commit;
    ForgetEntry forget;
    MoveEntry move;
    std::vector<TagEntry> tags;
    std::vector<PackFacts> packs;
};

void read_head(ParsedLogEntry& parsed, Gathered& gathered, ByteReader& from) {
    if (gathered.has_head) from.fail("expected one head, found another");
    gathered.has_head = true;
    parsed.number = from.u64le();
    parsed.previous.bytes = from.array<32>();
    gathered.kind = from.u8();
    parsed.entry.nonce = from.array<16>();
    parsed.entry.written = read_i64(from);
    parsed.entry.host = read_text(from);
    parsed.entry.program = read_text(from);
}

TagEntry read_tags(ByteReader& from) {
    TagEntry tag;
    tag.snapshot = read_id<SnapshotId>(from);
    tag.added = read_map(from);
    for (std::uint16_t left = from.u16le(); left > 0; --left) tag.removed.push_back(read_text(from));
    return tag;
}

bool take_record(ParsedLogEntry& parsed, Gathered& gathered, std::uint16_t type, ByteReader& from) {
    switch (type) {
        case head_record:
            read_head(parsed, gathered, from);
            return true;
        case snapshot_record:
            gathered.commit.snapshots.push_back(read_snapshot(from));
            return true;
        case pack_record:
            gathered.packs.push_back(read_pack_facts(from));
            return true;
        case hit_pack_record:
            gathered.commit.hit_packs.push_back(read_id<PackId>(from));
            return true;
        case forgotten_record:
            gathered.forget.snapshots.push_back(read_id<SnapshotId>(from));
            return true;
        case move_table_record:
            gathered.move.tables.push_back(read_address(from));
            return true;
        case condemned_record:
            gathered.move.condemned.push_back(read_id<PackId>(from));
            return true;
        case tags_record:
            gathered.tags.push_back(read_tags(from));
            return true;
        default:
            return false;
    }
}

[[noreturn]] void fail(const std::string& object, const std::string& message) {
    throw Error(ErrorCode::corrupt, fmt::format("{}: {}", object, message));
}

/// Refuses records that do not belong to the kind of the entry, because they would be silently lost.
void check_kind_of_records(const Gathered& gathered, const std::string& object) {
    const bool has_commit = !gathered.commit.snapshots.empty() || !gathered.commit.hit_packs.empty();
    const bool has_forget = !gathered.forget.snapshots.empty();
    const bool has_move = !gathered.move.tables.empty() || !gathered.move.condemned.empty();
    const bool has_tags = !gathered.tags.empty();
    const bool has_packs = !gathered.packs.empty();
    const std::uint8_t kind = gathered.kind;
    if ((has_commit && kind != commit_kind) || (has_forget && kind != forget_kind) || (has_move && kind != move_kind) ||
        (has_tags && kind != tag_kind) || (has_packs && kind != commit_kind && kind != move_kind))
        fail(object, fmt::format("an entry of kind {} holds records of another kind", kind));
}

std::variant<CommitEntry, ForgetEntry, MoveEntry, TagEntry> body_of(Gathered gathered, const std::string& object) {
    if (!gathered.has_head) fail(object, "expected a head record, found none");
    if (gathered.kind < commit_kind || gathered.kind > tag_kind)
        throw Error(ErrorCode::unsupported,
                    fmt::format("{}: expected an entry kind from 1 to 4, found {}: written by a newer varve; use that "
                                "version",
                                object, gathered.kind));
    check_kind_of_records(gathered, object);
    switch (gathered.kind) {
        case commit_kind:
            if (gathered.commit.snapshots.empty()) fail(object, "expected a snapshot in a commit, found none");
            gathered.commit.packs = std::move(gathered.packs);
            return std::move(gathered.commit);
        case forget_kind:
            return std::move(gathered.forget);
        case move_kind:
            gathered.move.packs = std::move(gathered.packs);
            return std::move(gathered.move);
        default:
            if (gathered.tags.size() != 1)
                fail(object, fmt::format("expected one tags record, found {}", gathered.tags.size()));
            return std::move(gathered.tags.front());
    }
}

}  // namespace

Bytes encode_log_entry(const LogEntry& entry, const LogHead& before, const RepositoryId& repository) {
    RecordWriter records;
    records.record(head_record, RecordNeed::critical, [&](ByteWriter& to) { write_head(to, entry, before); });
    std::visit(BodyWriter(records), entry.body);
    return seal_envelope(log_entry_magic, repository, records.release());
}

ParsedLogEntry parse_log_entry(ByteView bytes, const std::string& object) {
    const Envelope envelope = open_envelope(bytes, log_entry_magic, object);
    ParsedLogEntry parsed;
    parsed.repository = envelope.repository;
    Gathered gathered;
    read_records(envelope.body, object,
                 [&](std::uint16_t type, ByteReader& fields) { return take_record(parsed, gathered, type, fields); });
    parsed.entry.body = body_of(std::move(gathered), object);
    return parsed;
}

}  // namespace varve
