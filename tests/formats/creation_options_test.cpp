#include "formats/creation_options.h"
#include "formats/registry.h"

#include "formats/qcow2/options.h"
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
        CHECK(qcow2::parse_options({{"cluster_size", std::to_string(1u << bits)}}).cluster_bits == bits);
    CHECK(qcow2::parse_options({{"cluster_size", "128K"}}).cluster_bits == 17);
    for (const std::string wrong : {"256", "4M", "65k", "", "big", "0"})
        expect_usage("qcow2", {{"cluster_size", wrong}}, {"cluster_size=" + wrong, "a power of two from 512 to 2M"});
}

TEST_CASE("creation options: an unknown word is wrong usage that lists the format's own", "[formats][options]") {
    expect_usage("qcow2", {{"clustersize", "64K"}}, {"'clustersize'", "qcow2", "cluster_size"});
    expect_usage("qcow2", {{"\x1b[2J", "1"}}, {"'\x1b[2J'"});
    expect_usage("raw", {{"cluster_size", "64K"}}, {"'cluster_size'", "raw"});
}

TEST_CASE("creation options: each word of qcow2 is set by qemu-img's values", "[formats][options]") {
    const auto parse = [](const std::string& word, const std::string& value) {
        return qcow2::parse_options({{word, value}});
    };
    CHECK(parse("compat", "0.10").version == 2);
    CHECK(parse("compat", "v2").version == 2);
    CHECK(parse("compat", "1.1").version == 3);
    CHECK(parse("compat", "v3").version == 3);
    CHECK(parse("compression_type", "zstd").compression == qcow2::Compression::zstd);
    CHECK(parse("extended_l2", "on").subcluster_size() == kib(2));
    CHECK_FALSE(parse("extended_l2", "off").extended_l2);
    CHECK(parse("lazy_refcounts", "on").lazy_refcounts);
    CHECK(parse("refcount_bits", "1").refcount_bits == 1);
    CHECK(parse("refcount_bits", "64").refcount_bits == 64);
    CHECK(parse("preallocation", "falloc").preallocation == Preallocation::falloc);
    CHECK(parse("backing_file", "a b,c").backing_file == "a b,c");
    CHECK(parse("compress", "on").compress);
    for (const std::string wrong : {"3", "0", "128", "-1", "16bits"})
        expect_usage("qcow2", {{"refcount_bits", wrong}}, {"refcount_bits=" + wrong});
    expect_usage("qcow2", {{"compat", "0.11"}}, {"0.10 or 1.1"});
    expect_usage("qcow2", {{"extended_l2", "yes"}}, {"extended_l2=yes", "on or off"});
    expect_usage("qcow2", {{"backing_file", "a"}, {"backing_fmt", "ova"}}, {"backing_fmt=ova", "expected raw, "});
    for (const std::string_view format : format_registry().readable()) {
        const std::string word(format);
        CHECK_NOTHROW(check_creation_options("qcow2", {{"backing_file", "a"}, {"backing_fmt", word}}));
        expect_usage("qcow2", {{"backing_file", "a"}, {"backing_fmt", "x"}}, {word});
    }
    expect_usage("raw", {{"preallocation", "metadata"}}, {"off, falloc or full"});
}

TEST_CASE("creation options: combinations that qemu refuses are wrong usage", "[formats][options]") {
    expect_usage("qcow2", {{"compat", "0.10"}, {"extended_l2", "on"}}, {"extended_l2", "compat"});
    expect_usage("qcow2", {{"compat", "0.10"}, {"lazy_refcounts", "on"}}, {"lazy_refcounts", "compat"});
    expect_usage("qcow2", {{"compat", "0.10"}, {"refcount_bits", "8"}}, {"refcount_bits", "compat"});
    expect_usage("qcow2", {{"compat", "0.10"}, {"compression_type", "zstd"}}, {"compression_type", "compat"});
    expect_usage("qcow2", {{"cluster_size", "8K"}, {"extended_l2", "on"}}, {"extended_l2", "16K"});
    expect_usage("qcow2", {{"compress", "on"}, {"preallocation", "full"}}, {"compress", "preallocation"});
    expect_usage("qcow2", {{"backing_file", "a"}, {"preallocation", "metadata"}}, {"backing_file", "extended_l2"});
    expect_usage("qcow2", {{"backing_fmt", "raw"}}, {"backing_fmt needs backing_file"});
    check_creation_options("qcow2", {{"compat", "0.10"}, {"refcount_bits", "16"}, {"compress", "on"}});
    check_creation_options("qcow2", {{"compress", "on"}, {"extended_l2", "on"}, {"preallocation", "off"}});
}

TEST_CASE("creation options: given options take precedence over those that the source recorded", "[formats][options]") {
    const OptionMap source{{"cluster_size", "16384"}, {"compat", "1.1"},        {"compression_type", "zstd"},
                           {"extended_l2", "on"},     {"lazy_refcounts", "on"}, {"refcount_bits", "8"}};
    CHECK(with_recorded_options("qcow2", {}, source) == source);
    const OptionMap old = with_recorded_options("qcow2", {{"compat", "0.10"}}, source);
    CHECK(old == OptionMap{{"cluster_size", "16384"}, {"compat", "0.10"}});
    const OptionMap small = with_recorded_options("qcow2", {{"cluster_size", "4K"}}, source);
    CHECK_FALSE(small.contains("extended_l2"));
    CHECK(small.at("compression_type") == "zstd");
    const OptionMap old_source{{"cluster_size", "65536"}, {"compat", "0.10"}, {"refcount_bits", "16"}};
    const OptionMap extended = with_recorded_options("qcow2", {{"extended_l2", "on"}}, old_source);
    CHECK_FALSE(extended.contains("compat"));
    const OptionMap over = with_recorded_options("qcow2", {{"backing_file", "b"}, {"preallocation", "off"}}, source);
    CHECK(over.at("backing_file") == "b");
    CHECK(over.at("extended_l2") == "on");
}

TEST_CASE("creation options: every word of every format has values and a meaning", "[formats][options]") {
    for (const std::string_view format : written_formats())
        for (const OptionWord& word : creation_words(format)) {
            CAPTURE(format, word.name);
            CHECK_FALSE(word.values.empty());
            CHECK_FALSE(word.meaning.empty());
            expect_usage(format, {{std::string(word.name), ""}},
                         {std::string(word.name) + "=", std::string(word.values)});
        }
}
