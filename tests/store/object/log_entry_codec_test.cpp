#include "store/object/log_entry_codec.h"

#include "tests/contract/backend_contract.h"
#include "tests/store/damage.h"
#include "tests/store/hand_written.h"

namespace varve {
namespace {

using backend_contract::error_of;
using hand_written::Hand;

template <typename Id>
Id id_of(unsigned byte) {
    Id id;
    id.bytes.fill(static_cast<std::byte>(byte));
    return id;
}

Digest digest_of(unsigned byte) {
    Digest digest;
    digest.bytes.fill(static_cast<std::byte>(byte));
    return digest;
}

LogHead before() { return {6, digest_of(0x66)}; }

Hand head_by_hand(unsigned kind) {
    return Hand()
        .number(8, 7)
        .fill(32, 0x66)
        .number(1, kind)
        .fill(16, 0x77)
        .number(8, static_cast<std::uint64_t>(-5))
        .str("host")
        .str("varve 0.1.0");
}

Bytes entry_by_hand(const Hand& records) { return hand_written::envelope("VARVELOG", 0x11, records); }

/// The record as it was before the fields from the group on were added.
Hand short_snapshot_by_hand() {
    return Hand()
        .fill(16, 1)
        .fill(16, 2)
        .str("web01/vda")
        .number(8, 123)
        .number(8, 1 << 30)
        .fill(32, 3)
        .fill(32, 4)
        .fill(16, 5)
        .number(4, 99)
        .str("/images/web01.qcow2")
        .str("qcow2")
        .str("nightly")
        .number(2, 1)
        .str("cluster_size")
        .str("65536")
        .str("rescan")
        .number(4, 3)
        .text("tok")
        .number(2, 2)
        .str("a")
        .str("b")
        .str("c")
        .str("")
        .number(8, 10)
        .number(8, 20)
        .number(8, 30)
        .number(8, 40)
        .number(8, 50)
        .number(8, 60)
        .number(8, 70)
        .number(2, 1)
        .str("vm.xml")
        .fill(16, 6)
        .number(4, 7)
        .number(8, 1234);
}

Hand snapshot_by_hand() {
    return short_snapshot_by_hand().str("web01").str("frozen").number(4, 1).number(8, 512).number(8, 1024);
}

SnapshotRecord snapshot() {
    SnapshotRecord record;
    record.id = id_of<SnapshotId>(1);
    record.parent = id_of<SnapshotId>(2);
    record.disk = "web01/vda";
    record.time = 123;
    record.size = {1 << 30};
    record.root = digest_of(3);
    record.map_digest = digest_of(4);
    record.map = {id_of<PackId>(5), 99};
    record.source = {"/images/web01.qcow2", "qcow2", "nightly", "frozen", {{"cluster_size", "65536"}}};
    record.change_detection = {ChangeDetection::How::rescan};
    record.change_token = {std::byte{'t'}, std::byte{'o'}, std::byte{'k'}};
    record.tags = {{"a", "b"}, {"c", ""}};
    record.statistics = {10, 20, 30, 40, 50, 60, 70};
    record.attachments = {{"vm.xml", {id_of<PackId>(6), 7}, 1234}};
    record.group = "web01";
    record.unreadable = {{{512}, {1024}}};
    return record;
}

Hand pack_by_hand(unsigned id, unsigned kind) {
    return Hand().fill(16, id).number(1, kind).fill(32, 8).number(8, 4321);
}

PackFacts pack(unsigned id, PackKind kind) { return {id_of<PackId>(id), kind, digest_of(8), {4321}}; }

/// Each kind of entry, as a value and as bytes.
struct Golden {
    LogEntry entry;
    Bytes bytes;
};

LogEntry entry_with(std::variant<CommitEntry, ForgetEntry, MoveEntry, TagEntry> body) {
    LogEntry entry;
    entry.nonce.fill(std::byte{0x77});
    entry.written = -5;
    entry.host = "host";
    entry.program = "varve 0.1.0";
    entry.body = std::move(body);
    return entry;
}

std::vector<Golden> goldens() {
    const CommitEntry commit{
        {snapshot()}, {pack(0x21, PackKind::data), pack(0x22, PackKind::metadata)}, {id_of<PackId>(0x23)}};
    const ForgetEntry forget{{id_of<SnapshotId>(1), id_of<SnapshotId>(2)}};
    const MoveEntry move{{{id_of<PackId>(0x31), 3}}, {pack(0x32, PackKind::metadata)}, {id_of<PackId>(0x33)}};
    const TagEntry tag{id_of<SnapshotId>(1), {{"keep", "yes"}}, {"old"}};
    return {
        {entry_with(commit), entry_by_hand(Hand()
                                               .record(1, 1, head_by_hand(1))
                                               .record(10, 1, snapshot_by_hand())
                                               .record(11, 1, pack_by_hand(0x21, 1))
                                               .record(11, 1, pack_by_hand(0x22, 2))
                                               .record(12, 1, Hand().fill(16, 0x23)))},
        {entry_with(forget),
         entry_by_hand(
             Hand().record(1, 1, head_by_hand(2)).record(20, 1, Hand().fill(16, 1)).record(20, 1, Hand().fill(16, 2)))},
        {entry_with(move), entry_by_hand(Hand()
                                             .record(1, 1, head_by_hand(3))
                                             .record(30, 1, Hand().fill(16, 0x31).number(4, 3))
                                             .record(11, 1, pack_by_hand(0x32, 2))
                                             .record(31, 1, Hand().fill(16, 0x33)))},
        {entry_with(tag),
         entry_by_hand(
             Hand()
                 .record(1, 1, head_by_hand(4))
                 .record(40, 1, Hand().fill(16, 1).number(2, 1).str("keep").str("yes").number(2, 1).str("old")))},
    };
}

ErrorCode parse_error(const Bytes& bytes) {
    return error_of([&] { (void)parse_log_entry(bytes, "log entry"); });
}

}  // namespace

TEST_CASE("handwritten log entries of every kind are parsed, and encoded to the same bytes", "[store][log]") {
    for (const Golden& golden : goldens()) {
        const ParsedLogEntry parsed = parse_log_entry(golden.bytes, "log entry");
        REQUIRE(parsed.repository == id_of<RepositoryId>(0x11));
        REQUIRE(parsed.number == 7);
        REQUIRE(parsed.previous == digest_of(0x66));
        REQUIRE(parsed.entry == golden.entry);
        REQUIRE(encode_log_entry(golden.entry, before(), id_of<RepositoryId>(0x11)) == golden.bytes);
    }
}

TEST_CASE("a log entry with any bit flipped, or truncated anywhere, is corrupt", "[store][log]") {
    for (const Golden& golden : goldens()) {
        for_each_truncation(golden.bytes, [](const Bytes& cut) { REQUIRE(parse_error(cut) == ErrorCode::corrupt); });
        for_each_flipped_bit(golden.bytes, [](const Bytes& flipped, std::size_t) {
            REQUIRE(parse_error(flipped) == ErrorCode::corrupt);
        });
    }
}

TEST_CASE("records truncated to any length are corrupt even with a valid digest", "[store][log]") {
    const Hand whole = snapshot_by_hand();
    for (std::size_t length = 0; length < whole.size(); ++length) {
        if (length == short_snapshot_by_hand().size()) continue;
        const Hand cut = Hand().raw(ByteView(whole.bytes()).first(length));
        REQUIRE(parse_error(entry_by_hand(Hand().record(1, 1, head_by_hand(1)).record(10, 1, cut))) ==
                ErrorCode::corrupt);
    }
}

TEST_CASE("a snapshot record that ends before the group has no group, state and unreadable ranges", "[store][log]") {
    const ParsedLogEntry parsed = parse_log_entry(
        entry_by_hand(Hand().record(1, 1, head_by_hand(1)).record(10, 1, short_snapshot_by_hand())), "log entry");
    SnapshotRecord expected = snapshot();
    expected.group.clear();
    expected.source.state.clear();
    expected.unreadable.clear();
    REQUIRE(std::get<CommitEntry>(parsed.entry.body).snapshots == std::vector{expected});
}

TEST_CASE("a log entry whose records do not match its kind is refused", "[store][log]") {
    const Hand head = Hand().record(1, 1, head_by_hand(2));
    REQUIRE(parse_error(entry_by_hand(Hand(head).record(10, 1, snapshot_by_hand()))) == ErrorCode::corrupt);
    REQUIRE(parse_error(entry_by_hand(Hand(head).record(11, 1, pack_by_hand(1, 1)))) == ErrorCode::corrupt);
    REQUIRE(parse_error(entry_by_hand(Hand(head).record(1, 1, head_by_hand(2)))) == ErrorCode::corrupt);
    REQUIRE(parse_error(entry_by_hand(Hand().record(20, 1, Hand().fill(16, 1)))) == ErrorCode::corrupt);
    REQUIRE(parse_error(entry_by_hand(Hand().record(1, 1, head_by_hand(1)))) == ErrorCode::corrupt);
    REQUIRE(parse_error(entry_by_hand(Hand().record(1, 1, head_by_hand(4)))) == ErrorCode::corrupt);
    REQUIRE(parse_error(entry_by_hand(Hand().record(1, 1, head_by_hand(9)))) == ErrorCode::unsupported);
    REQUIRE(parse_error(entry_by_hand(Hand(head).record(99, 1, Hand()))) == ErrorCode::unsupported);
    REQUIRE(parse_error(entry_by_hand(Hand()
                                          .record(1, 1, head_by_hand(1))
                                          .record(10, 1, snapshot_by_hand())
                                          .record(11, 1, pack_by_hand(1, 3)))) == ErrorCode::corrupt);
    (void)parse_log_entry(
        entry_by_hand(Hand(head).record(99, 0, Hand().text("new")).record(20, 1, Hand().fill(16, 1).text("more"))),
        "log entry");
}

}  // namespace varve
