// Published check values, and what the three checksums have in common.

#include "engine/base/crc.h"

#include "tests/catch.h"

using namespace varve;

namespace {

constexpr std::string_view check_text = "123456789";  // whose checksums the catalogues of CRC algorithms list

/// The register after `bytes`, bit by bit, for a reflected polynomial: shares nothing with the libraries.
std::uint32_t register_after(ByteView bytes, std::uint32_t reflected_polynomial, std::uint32_t start) {
    for (const std::byte byte : bytes) {
        start ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit) start = (start >> 1) ^ ((start & 1) != 0 ? reflected_polynomial : 0);
    }
    return start;
}

/// Bytes of every value, of a length that is not a multiple of any word.
Bytes sample() {
    Bytes bytes(1021);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>((i * i + i / 7) & 0xff);
    return bytes;
}

}  // namespace

TEST_CASE("crc: CRC-32 has its published check value", "[crc]") {
    CHECK(crc32(bytes_of(check_text)) == 0xcbf43926);
    CHECK(crc32({}) == 0);
    CHECK(crc32(Bytes(4)) == 0x2144df1c);
}

TEST_CASE("crc: CRC-32C has its published check value, and those of the iSCSI standard", "[crc]") {
    CHECK(crc32c(bytes_of(check_text)) == 0xe3069283);
    CHECK(crc32c({}) == 0);
    CHECK(crc32c(Bytes(32)) == 0x8a9136aa);  // RFC 3720, B.4
    CHECK(crc32c(Bytes(32, std::byte{0xff})) == 0x62a8ab43);
}

TEST_CASE("crc: LVM's CRC-32 begins with LVM's own value and is not inverted", "[crc]") {
    CHECK(lvm_crc32_start == 0xf597a6cf);
    CHECK(lvm_crc32({}) == lvm_crc32_start);
    CHECK(lvm_crc32(bytes_of(check_text)) == 0x4991cf02);
    CHECK(lvm_crc32(Bytes(512)) == 0x6790aecb);
    CHECK(~lvm_crc32(bytes_of(check_text), 0xffffffff) == crc32(bytes_of(check_text)));
}

TEST_CASE("crc: LVM's CRC-32 of two pieces is that of both together", "[crc]") {
    CHECK(lvm_crc32(bytes_of("56789"), lvm_crc32(bytes_of("1234"))) == 0x4991cf02);
    CHECK(lvm_crc32({}, 0x4991cf02) == 0x4991cf02);
    CHECK(lvm_crc32(bytes_of(check_text), lvm_crc32({})) == 0x4991cf02);
}

TEST_CASE("crc: each function computes what its polynomial and its register at first define", "[crc]") {
    const Bytes bytes = sample();
    for (const std::size_t length : {1U, 3U, 8U, 64U, 1021U}) {
        const ByteView part = ByteView(bytes).first(length);
        CHECK(crc32(part) == ~register_after(part, 0xedb88320, 0xffffffff));
        CHECK(lvm_crc32(part) == register_after(part, 0xedb88320, 0xf597a6cf));
        CHECK(crc32c(part) == ~register_after(part, 0x82f63b78, 0xffffffff));
    }
}

TEST_CASE("crc: device-mapper's uninverted CRC-32C is the complement", "[crc]") {
    CHECK(~crc32c(bytes_of(check_text)) == 0x1cf96d7c);
}
