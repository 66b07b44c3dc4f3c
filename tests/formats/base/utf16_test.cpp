#include "formats/base/utf16.h"

#include "tests/catch.h"

using namespace varve;

namespace {

/// The bytes of these units, big-endian.
Bytes big(std::initializer_list<unsigned> units) {
    Bytes bytes;
    for (const unsigned unit : units) {
        bytes.push_back(static_cast<std::byte>(unit >> 8));
        bytes.push_back(static_cast<std::byte>(unit & 0xff));
    }
    return bytes;
}

std::optional<std::string> utf8(std::initializer_list<unsigned> units) {
    return utf8_from_utf16(big(units), std::endian::big);
}

}  // namespace

TEST_CASE("UTF-16: characters of every length become UTF-8", "[formats][utf16]") {
    CHECK(utf8({}) == "");
    CHECK(utf8({'a', '.', 'v', 'h', 'd'}) == "a.vhd");
    CHECK(utf8({0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff}) ==
          "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf");
    CHECK(utf8({0xd800, 0xdc00}) == "\xf0\x90\x80\x80");
    CHECK(utf8({0xdbff, 0xdfff, 'z'}) == "\xf4\x8f\xbf\xbfz");
    CHECK(utf8({'a', 0, 0xdc00}) == "a");
    const Bytes little{std::byte{'a'}, std::byte{0}, std::byte{0xac}, std::byte{0x20}};
    CHECK(utf8_from_utf16(little, std::endian::little) == "a\xe2\x82\xac");
}

TEST_CASE("UTF-16: a lone surrogate or half a unit is not text", "[formats][utf16][bad-input]") {
    CHECK(utf8({0xd800}) == std::nullopt);
    CHECK(utf8({0xdc00, 0xd800}) == std::nullopt);
    CHECK(utf8({'a', 0xd800, 'b'}) == std::nullopt);
    CHECK(utf8({0xd800, 0xd800, 0xdc00}) == std::nullopt);
    Bytes odd = big({'a', 'b'});
    odd.pop_back();
    CHECK(utf8_from_utf16(odd, std::endian::big) == std::nullopt);
    CHECK(utf8_from_utf16(ByteView(odd).first(1), std::endian::little) == std::nullopt);
}
