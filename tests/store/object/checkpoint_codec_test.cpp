#include "store/object/checkpoint_codec.h"

#include <zstd.h>

#include "store/object/envelope.h"
#include "tests/catalog/random_log.h"
#include "tests/contract/backend_contract.h"
#include "tests/store/damage.h"
#include "tests/store/hand_written.h"

namespace varve {
namespace {

using backend_contract::error_of;
using hand_written::Hand;

template <typename Id>
Id id_filled_with(unsigned byte) {
    Id id;
    id.bytes.fill(static_cast<std::byte>(byte));
    return id;
}

/// The plain bytes in one zstd frame; `claimed` as their length.
Hand state_fields(const Hand& plain, std::uint64_t claimed) {
    Bytes block(ZSTD_compressBound(plain.size()));
    block.resize(ZSTD_compress(block.data(), block.size(), plain.bytes().data(), plain.size(), 3));
    return Hand().number(8, claimed).raw(block);
}

Hand head_fields(std::uint64_t number = 9) { return Hand().number(8, number).fill(32, 0x66); }

Bytes checkpoint_by_hand(const Hand& plain) {
    return hand_written::envelope("VARVECKP", 0x11,
                                  Hand().record(1, 1, head_fields()).record(2, 1, state_fields(plain, plain.size())));
}

Hand live_snapshot_by_hand(unsigned id) {
    return Hand()
        .fill(16, id)
        .fill(16, 2)
        .str("web01/vda")
        .number(8, 123)
        .number(8, 4096)
        .fill(32, 3)
        .fill(32, 4)
        .fill(16, 5)
        .number(4, 99)
        .str("/images/web01.raw")
        .str("raw")
        .str("")
        .number(2, 0)
        .str("rescan")
        .number(4, 0)
        .number(2, 1)
        .str("a")
        .str("b")
        .fill(56)
        .number(2, 0)
        .str("")
        .str("")
        .number(4, 0);
}

Hand named_pack_by_hand(unsigned id, std::uint64_t entry) {
    return Hand().fill(16, id).number(1, 2).fill(32, 8).number(8, 4321).number(8, entry);
}

/// The lists of a state, to be changed one at a time.
struct StateByHand {
    Hand totals = Hand().number(8, 7).number(8, 3);
    Hand commits = Hand()
                       .number(4, 1)
                       .number(8, 5)
                       .number(8, 77)
                       .str("host")
                       .str("varve 0.1.0")
                       .number(4, 1)
                       .number(4, 2)
                       .number(4, live_snapshot_by_hand(1).size())
                       .raw(live_snapshot_by_hand(1).bytes());
    Hand packs = Hand().number(4, 2).raw(named_pack_by_hand(0x21, 5).bytes()).raw(named_pack_by_hand(0x22, 7).bytes());
    Hand condemned = Hand().number(4, 2).fill(16, 0x31).fill(16, 0x32);
    Hand tables = Hand().number(4, 1).number(8, 3).number(8, 7).fill(16, 0x22).number(4, 4);

    Hand plain() const {
        return Hand()
            .raw(totals.bytes())
            .raw(commits.bytes())
            .raw(packs.bytes())
            .raw(condemned.bytes())
            .raw(tables.bytes());
    }
    Bytes bytes() const { return checkpoint_by_hand(plain()); }
};

LogState expected_state() {
    LogState state;
    state.head.number = 9;
    state.head.digest.bytes.fill(std::byte{0x66});
    state.last_move = 7;
    state.move_tables = 3;
    SnapshotRecord record;
    record.id = id_filled_with<SnapshotId>(1);
    record.parent = id_filled_with<SnapshotId>(2);
    record.disk = "web01/vda";
    record.time = 123;
    record.size = {4096};
    record.root.bytes.fill(std::byte{3});
    record.map_digest.bytes.fill(std::byte{4});
    record.map = {id_filled_with<PackId>(5), 99};
    record.source.path = "/images/web01.raw";
    record.source.format = "raw";
    record.change_detection = {ChangeDetection::How::rescan};
    record.tags = {{"a", "b"}};
    state.commits[5] = {77, "host", "varve 0.1.0", {{2, record}}};
    state.commit_of[record.id] = 5;
    for (const auto& [id, entry] : {std::pair{0x21u, 5u}, std::pair{0x22u, 7u}}) {
        PackFacts facts{id_filled_with<PackId>(id), PackKind::metadata, {}, {4321}};
        facts.digest.bytes.fill(std::byte{8});
        state.packs[facts.id] = {facts, entry};
    }
    state.condemned = {id_filled_with<PackId>(0x31), id_filled_with<PackId>(0x32)};
    state.tables = {{3, 7, {id_filled_with<PackId>(0x22), 4}}};
    return state;
}

ErrorCode checkpoint_error(const Bytes& bytes) {
    return error_of([&] { (void)parse_checkpoint(bytes, "checkpoint"); });
}

}  // namespace

TEST_CASE("a handwritten checkpoint is parsed, and encoded to the same bytes", "[store][log]") {
    const Bytes bytes = StateByHand().bytes();
    const ParsedCheckpoint parsed = parse_checkpoint(bytes, "checkpoint");
    REQUIRE(parsed.repository == id_filled_with<RepositoryId>(0x11));
    REQUIRE(parsed.state == expected_state());
    REQUIRE(encode_checkpoint(expected_state(), id_filled_with<RepositoryId>(0x11)) == bytes);
}

TEST_CASE("the states of random logs come back from their checkpoints, and equal logs give equal bytes",
          "[store][log]") {
    for (const std::uint64_t seed : {1u, 2u}) {
        LogState state = state_at(SampleLog(seed).genesis());
        make_random_log(seed, 60, 3, [&](const SampleStep& step) {
            state.apply(step.record);
            const Bytes bytes = encode_checkpoint(state, SampleLog(seed).repository());
            REQUIRE(parse_checkpoint(bytes, "checkpoint").state == state);
        });
        LogState again = state_at(SampleLog(seed).genesis());
        make_random_log(seed, 60, 3, [&](const SampleStep& step) { again.apply(step.record); });
        REQUIRE(encode_checkpoint(again, RepositoryId()) == encode_checkpoint(state, RepositoryId()));
    }
}

TEST_CASE("a checkpoint with any bit flipped, or truncated anywhere, is corrupt", "[store][log]") {
    const Bytes whole = StateByHand().bytes();
    for_each_truncation(whole, [](const Bytes& cut) { REQUIRE(checkpoint_error(cut) == ErrorCode::corrupt); });
    for_each_flipped_bit(
        whole, [](const Bytes& flipped, std::size_t) { REQUIRE(checkpoint_error(flipped) == ErrorCode::corrupt); });
}

TEST_CASE(
    "the state of a checkpoint, truncated to any length or with bytes after it, is corrupt even with a valid "
    "digest",
    "[store][log]") {
    const Hand whole = StateByHand().plain();
    for (std::size_t length = 0; length < whole.size(); ++length)
        REQUIRE(checkpoint_error(checkpoint_by_hand(Hand().raw(ByteView(whole.bytes()).first(length)))) ==
                ErrorCode::corrupt);
    REQUIRE(checkpoint_error(checkpoint_by_hand(Hand().raw(whole.bytes()).fill(1))) == ErrorCode::corrupt);
}

TEST_CASE("a checkpoint whose state contradicts itself is corrupt", "[store][log]") {
    const auto error_with = [](const auto& change) {
        StateByHand state;
        change(state);
        return checkpoint_error(state.bytes());
    };
    const auto pack = [](unsigned id, std::uint64_t entry) { return named_pack_by_hand(id, entry).bytes(); };
    // Counts that no memory may be allocated for
    for (const auto list : {&StateByHand::commits, &StateByHand::packs, &StateByHand::condemned, &StateByHand::tables})
        REQUIRE(error_with([&](StateByHand& s) { s.*list = Hand().number(4, 0xffffffff); }) == ErrorCode::corrupt);
    // Packs out of order, named by an entry to come, counting although condemned
    REQUIRE(error_with([&](StateByHand& s) { s.packs = Hand().number(4, 2).raw(pack(9, 5)).raw(pack(8, 5)); }) ==
            ErrorCode::corrupt);
    REQUIRE(error_with([&](StateByHand& s) { s.packs = Hand().number(4, 1).raw(pack(9, 10)); }) == ErrorCode::corrupt);
    REQUIRE(error_with([&](StateByHand& s) { s.packs = Hand().number(4, 1).raw(pack(0x31, 5)); }) ==
            ErrorCode::corrupt);
    REQUIRE(error_with([&](StateByHand& s) { s.condemned = Hand().number(4, 2).fill(16, 7).fill(16, 7); }) ==
            ErrorCode::corrupt);
    // A table with a number to come, or in a condemned pack
    REQUIRE(error_with([&](StateByHand& s) {
                s.tables = Hand().number(4, 1).number(8, 4).number(8, 7).fill(16, 0x22).number(4, 4);
            }) == ErrorCode::corrupt);
    REQUIRE(error_with([&](StateByHand& s) {
                s.tables = Hand().number(4, 1).number(8, 3).number(8, 7).fill(16, 0x31).number(4, 4);
            }) == ErrorCode::corrupt);
    REQUIRE(error_with([&](StateByHand& s) { s.totals = Hand().number(8, 10).number(8, 3); }) == ErrorCode::corrupt);
    // A snapshot twice
    const Hand twice = Hand()
                           .number(4, 1)
                           .number(8, 5)
                           .number(8, 77)
                           .str("host")
                           .str("varve 0.1.0")
                           .number(4, 2)
                           .number(4, 0)
                           .number(4, live_snapshot_by_hand(1).size())
                           .raw(live_snapshot_by_hand(1).bytes())
                           .number(4, 1)
                           .number(4, live_snapshot_by_hand(1).size())
                           .raw(live_snapshot_by_hand(1).bytes());
    REQUIRE(error_with([&](StateByHand& s) { s.commits = twice; }) == ErrorCode::corrupt);
}

TEST_CASE("a checkpoint that claims another length, a record too many or a newer record is refused", "[store][log]") {
    const Hand plain = StateByHand().plain();
    const Hand state = state_fields(plain, plain.size());
    const auto error_of_body = [](const Hand& body) {
        return checkpoint_error(hand_written::envelope("VARVECKP", 0x11, body));
    };
    const Hand head = Hand().record(1, 1, head_fields());
    for (const std::uint64_t length : {std::uint64_t{0}, plain.size() + 1, std::uint64_t{1} << 28, ~std::uint64_t{0}})
        REQUIRE(error_of_body(Hand(head).record(2, 1, state_fields(plain, length))) == ErrorCode::corrupt);
    REQUIRE(error_of_body(Hand(head).record(2, 1, Hand().number(8, plain.size()).raw(plain.bytes()))) ==
            ErrorCode::corrupt);
    REQUIRE(error_of_body(Hand().record(2, 1, state)) == ErrorCode::corrupt);
    REQUIRE(error_of_body(head) == ErrorCode::corrupt);
    REQUIRE(error_of_body(Hand(head).record(1, 1, head_fields()).record(2, 1, state)) == ErrorCode::corrupt);
    REQUIRE(error_of_body(Hand(head).record(2, 1, state).record(99, 1, Hand())) == ErrorCode::unsupported);
    (void)parse_checkpoint(
        hand_written::envelope("VARVECKP", 0x11, Hand(head).record(2, 1, state).record(99, 0, Hand())), "checkpoint");
}

}  // namespace varve
