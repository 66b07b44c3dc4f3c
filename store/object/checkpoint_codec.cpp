#include "store/object/checkpoint_codec.h"

#include <optional>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "store/object/envelope.h"
#include "store/object/log_records.h"
#include "store/object/records.h"
#include "store/object/zstd_block.h"

namespace varve {
namespace {

constexpr std::uint16_t checkpoint_head_record = 1;
constexpr std::uint16_t checkpoint_state_record = 2;

/// Lengths of the shortest element of each list, to check its count.
constexpr std::size_t commit_bytes_min = 8 + 8 + 2 + 2 + 4;
constexpr std::size_t snapshot_bytes_min = 4 + 4;
constexpr std::size_t named_pack_bytes = 16 + 1 + 32 + 8 + 8;
constexpr std::size_t condemned_bytes = 16;
constexpr std::size_t table_bytes = 8 + 8 + 20;

/// The shortest block of zstd: four bytes, for 128 KiB of one value.
constexpr std::uint64_t zstd_expansion_max = 32768;

void write_count(ByteWriter& to, std::size_t count) { to.u32le(static_cast<std::uint32_t>(count)); }

void write_commit(ByteWriter& to, LogNumber number, const LiveCommit& commit) {
    to.u64le(number);
    write_i64(to, commit.written);
    write_text(to, commit.host);
    write_text(to, commit.program);
    write_count(to, commit.snapshots.size());
    for (const auto& [position, record] : commit.snapshots) {
        ByteWriter fields;
        write_snapshot(fields, record);
        to.u32le(position);
        write_count(to, fields.size());
        to.append(fields.view());
    }
}

Bytes plain_bytes_of(const LogState& state) {
    ByteWriter to;
    to.u64le(state.last_move);
    to.u64le(state.move_tables);
    write_count(to, state.commits.size());
    for (const auto& [number, commit] : state.commits) write_commit(to, number, commit);
    write_count(to, state.packs.size());
    for (const auto& [id, pack] : state.packs) {
        write_pack_facts(to, pack.facts);
        to.u64le(pack.entry);
    }
    write_count(to, state.condemned.size());
    for (const PackId& id : state.condemned) to.append(id.view());
    write_count(to, state.tables.size());
    for (const MoveTableInForce& table : state.tables) {
        to.u64le(table.number);
        to.u64le(table.entry);
        write_address(to, table.address);
    }
    return to.release();
}

/// Reads the lists into a state whose head is known, and refuses what no log can lead to.
class StateParser {
public:
    StateParser(ByteReader& from, LogState& state) : from_(from), state_(state) {}

    void run() {
        state_.last_move = from_.u64le();
        require(state_.last_move <= state_.head.number, "the last move entry");
        state_.move_tables = from_.u64le();
        for (std::uint32_t left = from_.count(commit_bytes_min); left > 0; --left) read_commit();
        for (std::uint32_t left = from_.count(named_pack_bytes); left > 0; --left) read_named_pack();
        for (std::uint32_t left = from_.count(condemned_bytes); left > 0; --left) read_condemned();
        for (std::uint32_t left = from_.count(table_bytes); left > 0; --left) read_table();
        from_.expect_end();
    }

private:
    void require(bool is_right, std::string_view what) const {
        if (!is_right) from_.fail(fmt::format("{} is not one that a log can lead to", what));
    }
    LogNumber read_entry_number() const {
        const LogNumber number = from_.u64le();
        require(number > 0 && number <= state_.head.number, "the number of a log entry");
        return number;
    }

    void read_commit() {
        const LogNumber number = read_entry_number();
        require(state_.commits.empty() || number > state_.commits.rbegin()->first, "the order of the commits");
        LiveCommit commit;
        commit.written = read_i64(from_);
        commit.host = read_text(from_);
        commit.program = read_text(from_);
        for (std::uint32_t left = from_.count(snapshot_bytes_min); left > 0; --left) read_snapshot_of(number, commit);
        require(!commit.snapshots.empty(), "a commit without snapshots");
        state_.commits.emplace_hint(state_.commits.end(), number, std::move(commit));
    }

    void read_snapshot_of(LogNumber number, LiveCommit& commit) {
        const std::uint32_t position = from_.u32le();
        require(commit.snapshots.empty() || position > commit.snapshots.rbegin()->first, "the order of the snapshots");
        ByteReader fields(from_.take(from_.count(1)), from_.object() + ", snapshot");
        SnapshotRecord record = read_snapshot(fields);
        require(state_.commit_of.emplace(record.id, number).second, "a snapshot that is there twice");
        commit.snapshots.emplace_hint(commit.snapshots.end(), position, std::move(record));
    }

    void read_named_pack() {
        NamedPack pack;
        pack.facts = read_pack_facts(from_);
        pack.entry = read_entry_number();
        require(state_.packs.empty() || pack.facts.id > state_.packs.rbegin()->first, "the order of the packs");
        state_.packs.emplace_hint(state_.packs.end(), pack.facts.id, pack);
    }

    void read_condemned() {
        PackId id;
        id.bytes = from_.array<16>();
        require(state_.condemned.empty() || id > *state_.condemned.rbegin(), "the order of the condemned packs");
        require(!state_.packs.contains(id), "a condemned pack that counts");
        state_.condemned.emplace_hint(state_.condemned.end(), id);
    }

    void read_table() {
        MoveTableInForce table;
        table.number = from_.u64le();
        table.entry = read_entry_number();
        table.address = read_address(from_);
        require(table.number > (state_.tables.empty() ? 0 : state_.tables.back().number) &&
                    table.number <= state_.move_tables && table.entry <= state_.last_move,
                "the order of the move tables");
        require(!state_.condemned.contains(table.address.pack), "a move table in a condemned pack");
        state_.tables.push_back(table);
    }

    ByteReader& from_;
    LogState& state_;
};

/// The plain bytes of the state record.
Bytes read_plain(ByteReader& from) {
    const std::uint64_t length = from.u64le();
    if (length > checkpoint_plain_bytes_max.value)
        from.fail(fmt::format("expected at most {} plain bytes, found {}", checkpoint_plain_bytes_max.value, length));
    const ByteView payload = from.take(from.remaining());
    if (length / zstd_expansion_max > payload.size())
        from.fail(fmt::format("{} bytes cannot hold {} compressed ones", payload.size(), length));
    check_zstd_block(payload, length, from.object());
    Bytes plain(length);
    decompress_zstd(payload, plain, from.object());
    return plain;
}

}  // namespace

Bytes encode_checkpoint(const LogState& state, const RepositoryId& repository) {
    const Bytes plain = plain_bytes_of(state);
    if (plain.size() > checkpoint_plain_bytes_max.value)
        throw Error(ErrorCode::usage, fmt::format("the state of the log takes {} bytes, a checkpoint holds at most {}",
                                                  plain.size(), checkpoint_plain_bytes_max.value));
    RecordWriter records;
    records.record(checkpoint_head_record, RecordNeed::critical, [&](ByteWriter& to) {
        to.u64le(state.head.number);
        to.append(state.head.digest.view());
    });
    records.record(checkpoint_state_record, RecordNeed::critical, [&](ByteWriter& to) {
        to.u64le(plain.size());
        to.append(compress_zstd(plain));
    });
    return seal_envelope(checkpoint_magic, repository, records.release());
}

ParsedCheckpoint parse_checkpoint(ByteView bytes, const std::string& object) {
    const Envelope envelope = open_envelope(bytes, checkpoint_magic, object);
    ParsedCheckpoint parsed;
    parsed.repository = envelope.repository;
    int heads = 0;
    std::optional<Bytes> plain;
    read_records(envelope.body, object, [&](std::uint16_t type, ByteReader& fields) {
        if (type == checkpoint_head_record) {
            parsed.state.head.number = fields.u64le();
            parsed.state.head.digest.bytes = fields.array<32>();
            ++heads;
        } else if (type == checkpoint_state_record && !plain) {
            plain = read_plain(fields);
        } else {
            return false;
        }
        return true;
    });
    if (heads != 1 || !plain)
        throw Error(ErrorCode::corrupt, fmt::format("{}: expected one head and one state", object));
    ByteReader from(*plain, object + ", state");
    StateParser(from, parsed.state).run();
    return parsed;
}

}  // namespace varve
