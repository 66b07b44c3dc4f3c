// Metadata texts that LVM would never write, with valid checksums: every volume is refused with a place or is readable,
// whatever numbers and names the text contains.

#include <random>

#include <fmt/format.h>

#include "formats/lvm/volume_change_source.h"
#include "tests/catch.h"
#include "tests/formats/lvm/fixture.h"
#include "tests/formats/lvm/fixture_copy.h"
#include "tests/support/long_test.h"

namespace varve::lvm_test {
namespace {

constexpr std::uint64_t text_seed = 20261122;

/// Begin and length of all numbers, or of all strings including their quotes.
using Places = std::vector<std::pair<std::size_t, std::size_t>>;

Places numbers_in(const std::string& text) {
    Places places;
    for (std::size_t at = 0; (at = text.find_first_of("0123456789", at)) != text.npos;) {
        const std::size_t end = text.find_first_not_of("0123456789", at);
        const bool is_value = text[at - 1] == ' ';
        if (is_value) places.emplace_back(at, end - at);
        at = end;
    }
    return places;
}

Places strings_in(const std::string& text) {
    Places places;
    for (std::size_t at = 0; (at = text.find('"', at)) != text.npos;) {
        const std::size_t end = text.find('"', at + 1) + 1;
        places.emplace_back(at, end - at);
        at = end;
    }
    return places;
}

std::string hostile_number(std::mt19937_64& random) {
    static const std::vector<std::string> numbers{"0",
                                                  "1",
                                                  "2",
                                                  "3",
                                                  "7",
                                                  "255",
                                                  "65535",
                                                  "2147483647",
                                                  "2147483648",
                                                  "4294967295",
                                                  "4294967296",
                                                  "9007199254740992",
                                                  "36028797018963967",
                                                  "4611686018427387904",
                                                  "9223372036854775807",
                                                  "9223372036854775808",
                                                  "18446744073709551615",
                                                  "18446744073709551616",
                                                  "-1",
                                                  "-9223372036854775808"};
    return numbers[random() % numbers.size()];
}

/// One to three changes.
std::string mutated(std::string text, std::mt19937_64& random) {
    for (std::uint64_t left = 1 + random() % 3; left > 0; --left) {
        const auto strings = strings_in(text);
        const auto numbers = numbers_in(text);
        const auto [to, to_length] = strings[random() % strings.size()];
        const auto [from, from_length] = strings[random() % strings.size()];
        const auto [number, number_length] = numbers[random() % numbers.size()];
        if (random() % 3 == 0)
            text.replace(to, to_length, text.substr(from, from_length));
        else
            text.replace(number, number_length, hostile_number(random));
    }
    return text;
}

/// The kinds of a few thousand extents, and some bytes from each of the first ones.
void read_some(const ImageReader& reader) {
    const std::uint64_t size = reader.info().virtual_size.value;
    Bytes bytes(4096);
    ByteOffset at;
    for (int extents = 0; at.value < size && extents < 2000; ++extents) {
        const Extent extent = reader.extent_at(at);
        REQUIRE((extent.begin == at && extent.length.value != 0 && extent.length.value <= size - at.value));
        const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), extent.length.value));
        if (extents < 50) reader.read(at, ByteSpan(bytes).first(length));
        at = extent.end();
    }
    const auto last = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), size));
    reader.read({size - last}, ByteSpan(bytes).first(last));
}

/// Changes since the current state.
void look_for_changes(const lvm::VolumeChangeSource& source) {
    const ChangesSince since = source.changed_since(source.token());
    if (since.map) REQUIRE(since.map->change_at({}).length.value != 0);
}

}  // namespace

TEST_CASE("lvm: a hostile text with a valid checksum gives refusals with a place, or readable disks", "[lvm]") {
    struct Case {
        const char* fixture;
        const char* group;
    };
    const Case c = GENERATE(Case{"linear", "vg-lin.a"}, Case{"linear", "vg3"}, Case{"linear", "vg_stripes"},
                            Case{"snap", "vgs"}, Case{"thin", "vgt"}, Case{"exotic", "vgx"});
    const std::string sound = FixtureCopy(c.fixture).text(c.group);
    std::mt19937_64 random(text_seed);
    std::size_t opened = 0;
    std::size_t refused = 0;
    for (int i = 0; i < test_rounds(250); ++i) {
        CAPTURE(c.group, text_seed, i);
        const std::string text = mutated(sound, random);
        FixtureCopy changed(c.fixture);
        changed.set_text(c.group, text);
        try {
            for (const lvm::FoundGroup& group : changed.inventory().groups) {
                const auto found = std::make_shared<const lvm::FoundGroup>(group);
                const auto opener = std::make_shared<lvm::VolumeOpener>(*found, nullptr);
                for (const lvm::LogicalVolume& volume : found->group.volumes) {
                    try {
                        const auto reader = opener->open(volume);
                        read_some(*reader);
                        look_for_changes({found, opener, volume, reader->info().virtual_size});
                        ++opened;
                    } catch (const Error& error) {
                        CHECK(std::string(error.what()).find('\'') != std::string::npos);
                        ++refused;
                    }
                }
            }
        } catch (const Error& error) {
            CHECK(std::string(error.what()).find('\'') != std::string::npos);
            ++refused;
        }
    }
    CHECK(opened > test_rounds(100u));
    CHECK(refused > test_rounds(20u));
}

}  // namespace varve::lvm_test
