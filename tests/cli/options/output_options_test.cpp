#include "cli/options/output_options.h"

#include "engine/base/error.h"
#include "tests/catch.h"

using namespace varve;

namespace {

using Options = std::map<std::string, std::string>;

/// As recorded by a qcow2 image that was created without options.
const Options plain_source{{"cluster_size", "65536"}, {"compat", "1.1"},         {"compression_type", "zlib"},
                           {"extended_l2", "off"},    {"lazy_refcounts", "off"}, {"refcount_bits", "16"}};

void expect_usage(const std::vector<std::string>& texts, const std::string& text) {
    try {
        parse_output_options(texts);
        FAIL("expected wrong usage: " << text);
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::usage);
        CHECK_THAT(error.what(), ContainsSubstring(text));
    }
}

}  // namespace

TEST_CASE("output options: words come in one list, in several, or both", "[cli][options]") {
    CHECK(parse_output_options({}).empty());
    CHECK(parse_output_options({"a=1"}) == Options{{"a", "1"}});
    CHECK(parse_output_options({"a=1,b=2", "c=3"}) == Options{{"a", "1"}, {"b", "2"}, {"c", "3"}});
    CHECK(parse_output_options({"a=1", "a=1"}) == Options{{"a", "1"}});
    CHECK(parse_output_options({"a="}) == Options{{"a", ""}});
    CHECK(parse_output_options({"a=b=c"}) == Options{{"a", "b=c"}});
}

TEST_CASE("output options: a doubled comma is a comma in a value", "[cli][options]") {
    CHECK(parse_output_options({"a=x,,y,b=2"}) == Options{{"a", "x,y"}, {"b", "2"}});
    CHECK(parse_output_options({"a=,,,b=2"}) == Options{{"a", ","}, {"b", "2"}});
    CHECK(parse_output_options({"a=x,,,,y"}) == Options{{"a", "x,,y"}});
    CHECK(parse_output_options({"a=x,,"}) == Options{{"a", "x,"}});
}

TEST_CASE("output options: text that is not a list of words with values is wrong usage", "[cli][options]") {
    expect_usage({""}, "WORD=VALUE");
    expect_usage({"help"}, "'help'");
    expect_usage({"=1"}, "'=1'");
    expect_usage({"a=1,"}, "''");
    expect_usage({"a=1,b"}, "'b'");
    expect_usage({"a=1", "a=2"}, "gives a twice, as '1' and as '2'");
    expect_usage({"a=1,a=2"}, "twice");
    expect_usage({"a=\xff"}, "UTF-8");
    expect_usage({"\x1b[2J"}, "'\x1b[2J'");
}

TEST_CASE("output options: those of the source are taken over in the same format only", "[cli][options]") {
    Options source = plain_source;
    source["cluster_size"] = "4096";
    CHECK(options_for_target({}, "qcow2", source, "qcow2").at("cluster_size") == "4096");
    CHECK(options_for_target({{"cluster_size", "1M"}}, "qcow2", source, "qcow2").at("cluster_size") == "1M");
    CHECK(options_for_target({}, "qcow2", source, "vmdk").empty());
    CHECK(options_for_target({}, "raw", source, "qcow2").empty());
    CHECK(options_for_target({}, "vmdk", {{"subformat", "x"}}, "vmdk").empty());
    CHECK_THROWS_AS(options_for_target({{"cluster_size", "3"}}, "qcow2", source, "qcow2"), Error);
}

TEST_CASE("output options: files that the source references and unknown words are not taken over", "[cli][options]") {
    Options source = plain_source;
    for (const std::string word : {"backing_file", "backing_fmt", "data_file", "data_file_raw", "encrypt.format", "x"})
        source[word] = "/etc/passwd";
    source["cluster_size"] = "5";
    const Options options = options_for_target({}, "qcow2", source, "qcow2");
    for (const auto& [word, value] : options) {
        CAPTURE(word);
        CHECK(plain_source.contains(word));
        CHECK(value != "/etc/passwd");
    }
    CHECK_FALSE(options.contains("cluster_size"));
}
