#include "formats/creation_options.h"

#include "formats/qcow2_options.h"
#include "tests/catch.h"

using namespace varve;

namespace {

void expect_usage(std::string_view format, const OptionMap& options, const std::vector<std::string>& texts) {
    try {
        check_creation_options(format, options);
        FAIL("expected wrong usage: " << texts.front());
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::usage);
        for (const std::string& text : texts) CHECK_THAT(error.what(), ContainsSubstring(text));
    }
}

}  // namespace

TEST_CASE("creation options: sizes are digits with a power of 1024", "[formats][options]") {
    CHECK(parse_size("0") == ByteCount{0});
    CHECK(parse_size("512") == ByteCount{512});
    CHECK(parse_size("64k") == kib(64));
    CHECK(parse_size("64K") == kib(64));
    CHECK(parse_size("2M") == mib(2));
    CHECK(parse_size("1T") == mib(1 << 20));
    CHECK(parse_size("18446744073709551615") == ByteCount{~std::uint64_t{0}});
    for (const std::string_view wrong :
         {"", "K", "-1", "+1", "1.5M", "1 M", "1MB", "0x10", "18446744073709551616", "18446744073709551615K", "1 "})
        CHECK(parse_size(wrong) == std::nullopt);
}

TEST_CASE("creation options: a cluster size is a power of two in qemu's limits", "[formats][options]") {
    for (unsigned bits = 9; bits <= 21; ++bits)
        CHECK(parse_qcow2_options({{"cluster_size", std::to_string(1u << bits)}}).cluster_bits == bits);
    CHECK(parse_qcow2_options({{"cluster_size", "128K"}}).cluster_bits == 17);
    for (const std::string wrong : {"256", "4M", "65k", "", "big", "0"})
        expect_usage("qcow2", {{"cluster_size", wrong}}, {"cluster_size=" + wrong, "a power of two from 512 to 2M"});
}

TEST_CASE("creation options: an unknown word is wrong usage that lists the format's own", "[formats][options]") {
    expect_usage("qcow2", {{"clustersize", "64K"}}, {"'clustersize'", "qcow2", "cluster_size"});
    expect_usage("qcow2", {{"\x1b[2J", "1"}}, {"\\x1b[2J"});
    expect_usage("raw", {{"cluster_size", "64K"}}, {"'cluster_size'", "raw"});
}

TEST_CASE("creation options: every word of every format has values and a meaning", "[formats][options]") {
    for (const std::string_view format : written_formats())
        for (const OptionWord& word : creation_words(format)) {
            CAPTURE(format, word.name);
            CHECK_FALSE(word.values.empty());
            CHECK_FALSE(word.meaning.empty());
            expect_usage(format, {{std::string(word.name), "\x01"}}, {std::string(word.name), "\\x01"});
        }
}
