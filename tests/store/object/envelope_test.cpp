#include "store/object/envelope.h"

#include "store/object/records.h"
#include "tests/contract/backend_contract.h"
#include "tests/store/damage.h"
#include "tests/store/hand_written.h"

namespace varve {
namespace {

using backend_contract::error_of;
using hand_written::Hand;

ErrorCode open_error(const Bytes& bytes) {
    return error_of([&] { (void)open_envelope(bytes, log_entry_magic, "object"); });
}

}  // namespace

TEST_CASE("a handwritten envelope is opened, and encoded to the same bytes", "[store][envelope]") {
    const Hand body = Hand().text("any body");
    const Bytes bytes = hand_written::envelope("VARVELOG", 0x5a, body);
    REQUIRE(bytes.size() == 80 + 8 + 112);
    const Envelope envelope = open_envelope(bytes, log_entry_magic, "object");
    RepositoryId id;
    id.bytes.fill(std::byte{0x5a});
    REQUIRE(envelope.repository == id);
    REQUIRE(text_of(envelope.body) == "any body");
    REQUIRE(seal_envelope(log_entry_magic, id, body.bytes()) == bytes);
}

TEST_CASE("an envelope with any bit flipped, or truncated anywhere, is corrupt", "[store][envelope]") {
    const Bytes bytes = hand_written::envelope("VARVELOG", 0x5a, Hand().text("body"));
    for_each_truncation(bytes, [](const Bytes& cut) { REQUIRE(open_error(cut) == ErrorCode::corrupt); });
    for_each_flipped_bit(bytes,
                         [](const Bytes& flipped, std::size_t) { REQUIRE(open_error(flipped) == ErrorCode::corrupt); });
    Bytes longer = bytes;
    longer.push_back(std::byte{0});
    REQUIRE(open_error(longer) == ErrorCode::corrupt);
    REQUIRE(error_of([&] { (void)open_envelope(bytes, config_magic, "object"); }) == ErrorCode::corrupt);
}

TEST_CASE("an encrypted envelope and one of a newer version are refused by name", "[store][envelope]") {
    const Hand body = Hand().text("body");
    REQUIRE(open_error(hand_written::envelope("VARVELOG", 1, body, 2, 0)) == ErrorCode::unsupported);
    REQUIRE(open_error(hand_written::envelope("VARVELOG", 1, body, 1, 1)) == ErrorCode::unsupported);
    REQUIRE_THROWS_WITH(
        open_envelope(hand_written::envelope("VARVELOG", 1, body, 1, 1), log_entry_magic, "object"),
        ContainsSubstring("encrypted; this version cannot read it") || ContainsSubstring("cannot read it"));
}

TEST_CASE("a wrong body length is corrupt even with a valid digest", "[store][envelope]") {
    for (const std::uint64_t length :
         {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{5}, std::uint64_t{0xffffffff}}) {
        const Bytes bytes = Hand()
                                .text("VARVELOG")
                                .number(2, 1)
                                .number(2, 0)
                                .number(4, length)
                                .fill(64)
                                .text("body")
                                .fill(80)
                                .sha256_of_all()
                                .bytes();
        REQUIRE(bytes.size() == 80 + 4 + 112);
        REQUIRE(open_error(bytes) == ErrorCode::corrupt);
    }
}

TEST_CASE("records of unknown types are skipped unless they are critical", "[store][records]") {
    const auto read = [](const Hand& body) {
        std::string seen;
        read_records(body.bytes(), "object", [&](std::uint16_t type, ByteReader& fields) {
            if (type != 1) return false;
            seen += static_cast<char>(fields.u8());
            return true;
        });
        return seen;
    };
    const Hand a = Hand().text("a");
    REQUIRE(
        read(Hand().record(1, 1, a).record(9, 0, Hand().text("new")).record(1, 0, Hand().text("b and more fields"))) ==
        "ab");
    REQUIRE(read(Hand()).empty());
    REQUIRE(error_of([&] { read(Hand().record(9, 1, a)); }) == ErrorCode::unsupported);
    REQUIRE(error_of([&] { read(Hand().record(9, 0xffff, a)); }) == ErrorCode::unsupported);
    REQUIRE(error_of([&] { read(Hand().record(1, 1, Hand())); }) == ErrorCode::corrupt);
    REQUIRE(error_of([&] { read(Hand().number(2, 9).number(2, 0).number(4, 0xffffffff).text("x")); }) ==
            ErrorCode::corrupt);
    REQUIRE(error_of([&] { read(Hand().record(1, 1, a).text("cut")); }) == ErrorCode::corrupt);
}

TEST_CASE("maps keep their order and texts are UTF-8", "[store][records]") {
    const auto map_error = [](const Hand& bytes) {
        return error_of([&] {
            ByteReader from(bytes.bytes(), "object");
            (void)read_map(from);
        });
    };
    ByteWriter to;
    const std::map<std::string, std::string> map = {{"a", ""}, {"b", "\xc3\xa9"}};
    write_map(to, map);
    REQUIRE(Bytes(to.view().begin(), to.view().end()) ==
            Hand().number(2, 2).str("a").str("").str("b").str("\xc3\xa9").bytes());
    ByteReader from(to.view(), "object");
    REQUIRE(read_map(from) == map);
    REQUIRE(map_error(Hand().number(2, 2).str("b").str("").str("a").str("")) == ErrorCode::corrupt);
    REQUIRE(map_error(Hand().number(2, 2).str("a").str("").str("a").str("")) == ErrorCode::corrupt);
    REQUIRE(map_error(Hand().number(2, 1).str("\xff").str("")) == ErrorCode::corrupt);
    REQUIRE(map_error(Hand().number(2, 0xffff).str("a").str("")) == ErrorCode::corrupt);
    REQUIRE(error_of([] {
                ByteWriter long_one;
                write_text(long_one, std::string(65536, 'x'));
            }) == ErrorCode::usage);
}

}  // namespace varve
