// AES over numbered sectors: which ciphers are read, and that each sector depends on its number as its mode says. That
// the bytes are right is shown against qemu-img (tests/formats/luks/reader_test.cpp).

#include <algorithm>

#include "formats/crypt/sector_cipher.h"
#include "tests/catch.h"

namespace varve::crypt {
namespace {

constexpr std::size_t sector = cipher_sector_bytes;

/// With the key 01 02 03 …
SectorCipher cipher_of(const CipherSpec& spec) {
    Bytes key(spec.key_bytes);
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(i + 1);
    return {spec, key};
}

Bytes encrypted(const CipherSpec& spec, std::uint64_t number, Bytes sectors) {
    cipher_of(spec).encrypt(number, sectors);
    return sectors;
}

}  // namespace

TEST_CASE("crypt: ciphers are read by LUKS's names for them, and others are not", "[crypt]") {
    const auto text = [](std::string_view mode, std::size_t key_bytes) {
        const auto spec = parse_cipher("aes", mode, key_bytes);
        return spec ? spec->text() : "";
    };
    CHECK(text("xts-plain64", 64) == "aes-256-xts-plain64");
    CHECK(text("xts-plain", 32) == "aes-128-xts-plain");
    CHECK(text("cbc-essiv:sha256", 32) == "aes-256-cbc-essiv");
    CHECK(text("cbc-plain64", 24) == "aes-192-cbc-plain64");
    CHECK(text("xts-essiv:sha256", 64) == "aes-256-xts-essiv");
    for (const std::string_view mode : {"", "xts", "ecb", "xts-", "xts-plain32", "ctr-plain64", "cbc-essiv",
                                        "cbc-essiv:", "cbc-essiv:md5", "cbc-essiv:sha1", "xts-plain64:sha256"}) {
        CAPTURE(mode);
        CHECK(text(mode, 32).empty());
    }
    for (const std::size_t key_bytes : {0U, 1U, 16U, 48U, 63U, 128U}) CHECK(text("xts-plain64", key_bytes).empty());
    for (const std::size_t key_bytes : {0U, 8U, 31U, 33U, 64U}) CHECK(text("cbc-plain64", key_bytes).empty());
    CHECK_FALSE(parse_cipher("serpent", "xts-plain64", 64));
    CHECK_FALSE(parse_cipher("", "xts-plain64", 64));
}

TEST_CASE("crypt: what was encrypted is decrypted, sector by sector or at once", "[crypt]") {
    const std::uint64_t first = GENERATE(std::uint64_t{0}, std::uint64_t{0xfffffffe}, ~std::uint64_t{0} - 4);
    for (const auto& [mode, key_bytes] :
         {std::pair{"xts-plain64", 64}, {"xts-plain", 32}, {"cbc-essiv:sha256", 32}, {"cbc-plain64", 16}}) {
        CAPTURE(mode, first);
        const SectorCipher cipher = cipher_of(*parse_cipher("aes", mode, static_cast<std::size_t>(key_bytes)));
        const Bytes plain(4 * sector, std::byte{0x33});
        Bytes bytes = plain;
        cipher.encrypt(first, bytes);
        CHECK(bytes != plain);
        Bytes one_by_one = bytes;
        for (std::size_t i = 0; i < 4; ++i) cipher.decrypt(first + i, ByteSpan(one_by_one).subspan(i * sector, sector));
        CHECK(one_by_one == plain);
        cipher.decrypt(first, bytes);
        CHECK(bytes == plain);
    }
}

TEST_CASE("crypt: equal sectors differ once encrypted, and plain numbers wrap after 2^32 sectors", "[crypt]") {
    const Bytes zeros(sector);
    const CipherSpec plain = *parse_cipher("aes", "xts-plain", 32);
    const CipherSpec plain64 = *parse_cipher("aes", "xts-plain64", 32);
    CHECK(encrypted(plain64, 1, zeros) != encrypted(plain64, 2, zeros));
    CHECK(encrypted(plain64, 0x100000001, zeros) != encrypted(plain64, 1, zeros));
    CHECK(encrypted(plain, 0x100000001, zeros) == encrypted(plain, 1, zeros));
    CHECK(encrypted(plain, 1, zeros) == encrypted(plain64, 1, zeros));
}

}  // namespace varve::crypt
