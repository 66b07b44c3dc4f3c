#include "store/object/repository_config.h"

#include "store/object/envelope.h"
#include "tests/contract/backend_contract.h"
#include "tests/fakes/memory_backend.h"
#include "tests/store/damage.h"
#include "tests/store/hand_written.h"

namespace varve {
namespace {

using backend_contract::error_of;
using hand_written::Hand;

struct Numbers {
    std::uint64_t version = 1;
    std::uint64_t chunk = 65536;
    std::uint64_t open = 0;
    std::uint64_t write = 0;
    std::uint64_t informative = 0;
};

Bytes config_by_hand(const Numbers& n) {
    return hand_written::envelope("VARVECFG", 0x11,
                                  Hand()
                                      .record(1, 1,
                                              Hand()
                                                  .number(4, n.version)
                                                  .number(4, n.chunk)
                                                  .number(8, n.open)
                                                  .number(8, n.write)
                                                  .number(8, n.informative))
                                      .record(2, 1, Hand().number(8, 0x0123456789abcdef))
                                      .record(3, 0, Hand().number(8, 1'700'000'000'000'000'000).str("varve 0.1.0")));
}

void put_config(MemoryBackend& backend, const Bytes& bytes) { backend.replace("config", bytes); }

}  // namespace

TEST_CASE("a handwritten config is parsed, and encoded to the same bytes", "[store][config]") {
    const RepositoryConfig config = parse_repository_config(config_by_hand({}), "config");
    RepositoryConfig expected;
    expected.id.bytes.fill(std::byte{0x11});
    expected.fingerprint_seed = 0x0123456789abcdef;
    expected.created_ns = 1'700'000'000'000'000'000;
    expected.program = "varve 0.1.0";
    REQUIRE(config == expected);
    REQUIRE(encode(expected) == config_by_hand({}));
}

TEST_CASE("a config with any bit flipped, or truncated anywhere, is corrupt", "[store][config]") {
    const Bytes bytes = config_by_hand({});
    const auto parse_error = [](const Bytes& damaged) {
        return error_of([&] { (void)parse_repository_config(damaged, "config"); });
    };
    for_each_truncation(bytes, [&](const Bytes& cut) { REQUIRE(parse_error(cut) == ErrorCode::corrupt); });
    for_each_flipped_bit(
        bytes, [&](const Bytes& flipped, std::size_t) { REQUIRE(parse_error(flipped) == ErrorCode::corrupt); });
}

TEST_CASE("unknown features forbid opening, or only writing, or nothing", "[store][config]") {
    MemoryBackend backend;
    put_config(backend, config_by_hand({.informative = 0xff}));
    REQUIRE(open_repository(backend).writable);
    put_config(backend, config_by_hand({.write = 0x10}));
    REQUIRE_FALSE(open_repository(backend).writable);
    put_config(backend, config_by_hand({.open = 0x10}));
    REQUIRE(error_of([&] { (void)open_repository(backend); }) == ErrorCode::unsupported);
    put_config(backend, config_by_hand({.version = 2}));
    REQUIRE(error_of([&] { (void)open_repository(backend); }) == ErrorCode::unsupported);
    put_config(backend, config_by_hand({.chunk = 131072}));
    REQUIRE(error_of([&] { (void)open_repository(backend); }) == ErrorCode::unsupported);
    put_config(backend, hand_written::envelope("VARVECFG", 1, Hand().record(2, 1, Hand().number(8, 1))));
    REQUIRE(error_of([&] { (void)open_repository(backend); }) == ErrorCode::corrupt);
    put_config(backend, hand_written::envelope("VARVECFG", 1, Hand(), 1, 1));
    REQUIRE(error_of([&] { (void)open_repository(backend); }) == ErrorCode::unsupported);
}

TEST_CASE("a new repository is opened with the values it was made with", "[store][config]") {
    MemoryBackend backend;
    const RepositoryInfo made = create_repository(backend);
    const RepositoryInfo opened = open_repository(backend);
    REQUIRE(opened.id == made.id);
    REQUIRE(opened.fingerprint_seed == made.fingerprint_seed);
    REQUIRE(opened.writable);
    MemoryBackend other;
    REQUIRE(create_repository(other).id != made.id);
}

TEST_CASE("a repository is not made in a place that is not empty", "[store][config]") {
    MemoryBackend backend;
    backend.put_if_absent("photos/1", bytes_of("x"));
    REQUIRE(error_of([&] { create_repository(backend); }) == ErrorCode::refused);
    REQUIRE_THROWS_WITH(create_repository(backend), ContainsSubstring("is not empty") && ContainsSubstring("photos/1"));
    backend.remove("photos/1");
    backend.put_if_absent("tmp/00", bytes_of("left by a crash"));
    create_repository(backend);
    REQUIRE(error_of([&] { create_repository(backend); }) == ErrorCode::refused);
    REQUIRE_THROWS_WITH(create_repository(backend), ContainsSubstring("already"));
}

TEST_CASE("a place without a config is reported not to be a repository", "[store][config]") {
    const MemoryBackend backend;
    REQUIRE(error_of([&] { (void)open_repository(backend); }) == ErrorCode::not_found);
    REQUIRE_THROWS_WITH(open_repository(backend), ContainsSubstring("varve init"));
}

}  // namespace varve
