#include "cli/options/byte_size.h"

#include "engine/base/error.h"
#include "tests/catch.h"

using namespace varve;

TEST_CASE("byte size: decimal or hexadecimal, with suffixes for powers of 1024", "[cli]") {
    CHECK(parse_byte_size("0").value == 0);
    CHECK(parse_byte_size("4096").value == 4096);
    CHECK(parse_byte_size("0x1000").value == 4096);
    CHECK(parse_byte_size("0xfF").value == 255);
    CHECK(parse_byte_size("64K").value == 65536);
    CHECK(parse_byte_size("64k").value == 65536);
    CHECK(parse_byte_size("3M").value == 3u << 20);
    CHECK(parse_byte_size("2G").value == std::uint64_t{2} << 30);
    CHECK(parse_byte_size("5T").value == std::uint64_t{5} << 40);
    CHECK(parse_byte_size("0x10M").value == 16u << 20);
    CHECK(parse_byte_size("18446744073709551615").value == ~std::uint64_t{0});
}

TEST_CASE("byte size: text that is not a size, or one too large, is wrong usage", "[cli]") {
    for (const char* text : {"", "K", "x", "0x", "1.5G", "-1", "+1", " 1", "1 ", "1KB", "1KiB", "1B", "1P", "1e3",
                             "18446744073709551616", "16777216T", "0xG1", "1,000"}) {
        CAPTURE(text);
        try {
            parse_byte_size(text);
            FAIL("it was taken");
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::usage);
        }
    }
    CHECK_THROWS_WITH(parse_byte_size("1\x1b"), ContainsSubstring("'1\x1b'"));
}

TEST_CASE("byte size: a range is an offset and a length", "[cli]") {
    CHECK(parse_byte_range("1M+512M") == ByteRange{{1 << 20}, mib(512)});
    CHECK(parse_byte_range("0+1") == ByteRange{{0}, {1}});
    CHECK(parse_byte_range("0x100000+0x200") == ByteRange{{1 << 20}, {512}});
    for (const char* text : {"", "1M", "+", "1+", "+1", "1+0", "1+2+3", "18446744073709551615+1", "1-2"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(parse_byte_range(text), Error);
    }
}
