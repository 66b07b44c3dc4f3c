// Metadata areas: the texts that LVM wrote to the fixtures' rings, and damaged areas.

#include "formats/lvm/metadata_area.h"

#include <functional>

#include <fmt/format.h>

#include "engine/image/window_reader.h"
#include "tests/catch.h"
#include "tests/formats/lvm/fixture.h"
#include "tests/formats/lvm/host_disks.h"

namespace varve::lvm_test {
namespace {

using lvm::MetadataText;
using lvm::read_metadata_text;

std::optional<MetadataText> text_on(const std::string& name, int index, ByteRange area) {
    return read_metadata_text(named(fixture_disk(name, index), fmt::format("p{}.raw", index)), area);
}

void check_golden(const std::optional<MetadataText>& text, std::size_t size_with_nul, std::uint32_t crc,
                  const std::string& begin, const std::string& place) {
    REQUIRE(text);
    CHECK(text->text.size() + 1 == size_with_nul);
    CHECK(text->crc == crc);
    CHECK(text->text.starts_with(begin));
    CHECK(text->text.find('\0') == std::string::npos);
    CHECK(text->place == place);
}

/// A generated physical volume with one area whose header was changed by `change` and given valid checksums.
std::string area_refusal(const std::function<void(ByteSpan)>& change, bool sealed = true) {
    Bytes disk = bytes_of_volume({.uuid = made_uuid("a"), .areas = {{.text = "some text"}}});
    change(ByteSpan(disk).subspan(4096, 512));
    if (sealed) seal_area(disk, 4096);
    return refusal(
        [&] { read_metadata_text(named(std::make_shared<ChangedDisk>(disk), "a.raw"), range(4096, 16384)); });
}

}  // namespace

TEST_CASE("lvm metadata area: the current text of each fixture is read", "[lvm][metadata-area]") {
    check_golden(text_on("linear", 0, range(4096, 1044480)), 2138, 1682994353, "vg-lin.a {\n",
                 "'p0.raw' at byte 18432");
    check_golden(text_on("linear", 4, range(4096, 1048064)), 2007, 280978461, "vg3 {\n", "'p4.raw' at byte 12288");
    const auto disk = fixture_disk("linear", 5);
    const auto partition = std::make_shared<WindowReader>(*disk, range(9437184, 56623104));
    check_golden(read_metadata_text(named(partition, "p5.raw"), range(4096, 1044480)), 1065, 2800436366, "vgpart {\n",
                 "'p5.raw' at byte 5632");
}

TEST_CASE("lvm metadata area: a text that wraps around the end of the ring is joined", "[lvm][metadata-area]") {
    const auto text = text_on("linear", 1, range(4096, 61440));
    check_golden(text, 2563, 893621354, "vg_stripes {\n", "'p1.raw' at byte 63488");
    CHECK_THAT(text->text, ContainsSubstring("seqno = 72\n"));
    CHECK_THAT(text->text, ContainsSubstring("creation_time = "));
}

TEST_CASE("lvm metadata area: the text is the same wherever the ring wraps", "[lvm][metadata-area]") {
    std::string text = "text";
    for (int i = 0; i < 300; ++i) text += fmt::format(" {}", i);
    for (const std::uint64_t offset : {512u, 513u, 600u, 2048u - 512u, 2047u}) {
        CAPTURE(offset);
        const MadeArea area{.begin = 4096, .size = 2048, .text = text, .text_offset = offset};
        const Bytes disk = bytes_of_volume({.uuid = made_uuid("a"), .areas = {area}});
        const auto found = read_metadata_text(named(std::make_shared<ChangedDisk>(disk), "a.raw"), range(4096, 2048));
        REQUIRE(found);
        CHECK(found->text == text);
    }
}

TEST_CASE("lvm metadata area: ignored areas and empty slots have no text", "[lvm][metadata-area]") {
    CHECK_FALSE(text_on("linear", 2, range(4096, 61440)));
    CHECK_FALSE(text_on("linear", 2, range(50266112, 65536)));
    const Bytes disk = bytes_of_volume({.uuid = made_uuid("a"), .areas = {{}}});
    CHECK_FALSE(read_metadata_text(named(std::make_shared<ChangedDisk>(disk), "a.raw"), range(4096, 16384)));
}

TEST_CASE("lvm metadata area: a wrong field is reported with place, field, expected and found",
          "[lvm][metadata-area]") {
    const auto put = [](ByteSpan header, std::size_t at, std::uint64_t value) {
        store_le<std::uint64_t>(header.subspan(at), value);
    };
    CHECK_THAT(area_refusal([&](ByteSpan h) { h[4] = std::byte{0}; }),
               ContainsSubstring("'a.raw' at byte 4096: LVM metadata area at byte 20: the magic of a metadata area"));
    CHECK_THAT(area_refusal([&](ByteSpan h) { h[100] = std::byte{1}; }, false),
               ContainsSubstring("the checksum of the header is 0x"));
    CHECK_THAT(area_refusal([&](ByteSpan h) { h[20] = std::byte{2}; }),
               ContainsSubstring("has version 2; only version 1 is read"));
    CHECK_THAT(area_refusal([&](ByteSpan h) { put(h, 24, 8192); }),
               ContainsSubstring("the area's begin is 8192, expected 4096, where it is"));
    CHECK_THAT(area_refusal([&](ByteSpan h) { put(h, 32, 512); }),
               ContainsSubstring("the area's size is 512 bytes, expected more than 512 and at most 1044480"));
    CHECK_THAT(area_refusal([&](ByteSpan h) { put(h, 32, 1 << 20); }), ContainsSubstring("the area's size is 1048576"));
    CHECK_THAT(area_refusal([&](ByteSpan h) { put(h, 40, 511); }),
               ContainsSubstring("the text's offset is 511, expected 512 to 16383"));
    CHECK_THAT(area_refusal([&](ByteSpan h) { put(h, 40, 16384); }), ContainsSubstring("the text's offset is 16384"));
    CHECK_THAT(area_refusal([&](ByteSpan h) { put(h, 48, 0); }),
               ContainsSubstring("the text's size is 0 bytes, expected 1 to 15872"));
    CHECK_THAT(area_refusal([&](ByteSpan h) { put(h, 48, ~std::uint64_t{0}); }),
               ContainsSubstring("the text's size is"));
    CHECK_THAT(area_refusal([&](ByteSpan h) { h[511] = std::byte{1}; }), Catch::Matchers::Equals(""));
}

TEST_CASE("lvm metadata area: a text above the limit is refused before any of it is read", "[lvm][metadata-area]") {
    Bytes head = bytes_of_volume({.uuid = made_uuid("a"), .areas = {{.text = "some text"}}});
    const auto header = ByteSpan(head).subspan(4096, 512);
    store_le<std::uint64_t>(header.subspan(32), std::uint64_t{1} << 40);
    store_le<std::uint64_t>(header.subspan(48), lvm::metadata_text_max.value + 1);
    seal_area(head, 4096);
    auto disk = std::make_shared<ChangedDisk>(std::uint64_t{2} << 40);
    disk->set(0, head);
    const auto call = [&] { read_metadata_text(named(disk, "a.raw"), range(4096, std::uint64_t{1} << 40)); };
    CHECK_THAT(refusal(call), ContainsSubstring("the text has 67108865 bytes; at most 67108864 are read"));
    CHECK(refusal_code(call) == ErrorCode::unsupported);
}

TEST_CASE("lvm metadata area: an area outside the physical volume is refused", "[lvm][metadata-area]") {
    for (const std::uint64_t begin : {std::uint64_t{1} << 20, (std::uint64_t{1} << 20) - 511, ~std::uint64_t{0}}) {
        const auto disk = std::make_shared<ChangedDisk>(std::uint64_t{1} << 20);
        CHECK_THAT(refusal([&] { read_metadata_text(named(disk, "a.raw"), range(begin, 16384)); }),
                   ContainsSubstring("it begins outside the physical volume, which has 1048576 bytes"));
    }
}

TEST_CASE("lvm metadata area: every flipped bit of header or text is detected", "[lvm][metadata-area]") {
    const auto whole = fixture_disk("linear", 1);
    const auto good = text_on("linear", 1, range(4096, 61440));
    REQUIRE(good);
    const auto check = [&](std::uint64_t byte) {
        for (std::uint64_t bit = byte * 8; bit < byte * 8 + 8; ++bit) {
            auto disk = std::make_shared<ChangedDisk>(whole);
            disk->flip(bit);
            const std::string message = refusal([&] { read_metadata_text(named(disk, "p1.raw"), range(4096, 61440)); });
            CAPTURE(bit, message);
            CHECK(message.starts_with(byte < 4096 + 512 && byte >= 4096 ? "'p1.raw' at byte 4096: LVM metadata area"
                                                                        : "'p1.raw' at byte 63488: LVM metadata text"));
        }
    };
    for (std::uint64_t byte = 4096; byte < 4608; ++byte) check(byte);
    for (std::uint64_t byte = 63488; byte < 65536; byte += 7) check(byte);      // up to the ring's end
    for (std::uint64_t byte = 4608; byte < 4608 + 515; byte += 3) check(byte);  // and on from its begin
}

TEST_CASE("lvm metadata area: a physical volume truncated inside the area is refused", "[lvm][metadata-area]") {
    const auto whole = fixture_disk("linear", 1);
    for (std::uint64_t size = 4096; size < 65536; size += 61) {
        auto disk = std::make_shared<ChangedDisk>(whole);
        disk->cut(size);
        CHECK_THAT(refusal([&] { read_metadata_text(named(disk, "p1.raw"), range(4096, 61440)); }),
                   ContainsSubstring("'p1.raw' at byte 4096: LVM metadata area"));
    }
}

}  // namespace varve::lvm_test
