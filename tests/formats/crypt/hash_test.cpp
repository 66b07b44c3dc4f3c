// The hashes and the key derivation, against published values.

#include "formats/crypt/hash.h"
#include "engine/base/hex.h"
#include "formats/crypt/anti_forensic.h"
#include "formats/crypt/derivation_time.h"
#include "tests/catch.h"

namespace varve::crypt {
namespace {

std::string derived(Hash hash, std::string_view secret, std::string_view salt, std::uint32_t iterations,
                    std::size_t length) {
    Bytes key(length);
    derive_key(hash, bytes_of(secret), bytes_of(salt), iterations, key);
    return to_hex(key);
}

}  // namespace

TEST_CASE("crypt: hashes have the values of FIPS 180 for 'abc' in parts", "[crypt]") {
    const auto hex = [](Hash hash) {
        Bytes out(hash_bytes(hash));
        hash_of(hash, {bytes_of("a"), bytes_of(""), bytes_of("bc")}, out);
        return to_hex(out);
    };
    CHECK(hex(Hash::sha1) == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(hex(Hash::sha256) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hex(Hash::sha512).starts_with("ddaf35a193617abacc417349ae204131"));
    CHECK(parse_hash("sha224") == Hash::sha224);
    CHECK(parse_hash("sha384") == Hash::sha384);
    for (const std::string_view name : {"", "SHA256", "md5", "ripemd160", "whirlpool", "sha2560"})
        CHECK_FALSE(parse_hash(name));
}

TEST_CASE("crypt: PBKDF2 has the values of RFC 6070 and RFC 7914", "[crypt]") {
    CHECK(derived(Hash::sha1, "password", "salt", 1, 20) == "0c60c80f961f0e71f3a9b524af6012062fe037a6");
    CHECK(derived(Hash::sha1, "password", "salt", 4096, 20) == "4b007901b765489abead49d926f721d065a429c1");
    CHECK(derived(Hash::sha1, "passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096, 25) ==
          "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038");
    CHECK(derived(Hash::sha256, "passwd", "salt", 1, 64).starts_with("55ac046e56e3089fec1691c22544b605"));
}

TEST_CASE("crypt: a key comes back from its stripes, and not when one bit of any stripe is lost", "[crypt]") {
    for (const Hash hash : {Hash::sha1, Hash::sha256, Hash::sha512}) {
        for (const std::size_t key_bytes : {16U, 24U, 64U}) {
            CAPTURE(static_cast<int>(hash), key_bytes);
            const Bytes key(key_bytes, std::byte{0xa5});
            KeyBytes stripes = split_into_stripes(hash, key, 50);
            REQUIRE(stripes.size() == key_bytes * 50);
            CHECK(std::ranges::equal(merge_stripes(hash, stripes, key_bytes), key));
            for (const std::size_t at : {std::size_t{0}, stripes.size() / 2, stripes.size() - 1}) {
                stripes[at] ^= std::byte{1};
                CHECK_FALSE(std::ranges::equal(merge_stripes(hash, stripes, key_bytes), key));
                stripes[at] ^= std::byte{1};
            }
        }
    }
}

TEST_CASE("crypt: a derivation that would take longer than two minutes is known before it starts", "[crypt]") {
    const DerivationTime time;
    CHECK_FALSE(time.excess(Hash::sha256, 64, 1000));
    const auto needed = time.excess(Hash::sha1, 64, 0x7fffffff);
    REQUIRE(needed);
    CHECK(*needed > DerivationTime::limit);
    CHECK(iterations_in(Hash::sha256, 64, Seconds(0)) == 1000);
    CHECK(iterations_in(Hash::sha256, 64, Seconds(1e9)) == 0x7fffffff);
}

}  // namespace varve::crypt
