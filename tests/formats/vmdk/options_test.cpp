#include "formats/vmdk/options.h"

#include "engine/base/hex.h"
#include "formats/creation_options.h"
#include "tests/catch.h"

namespace varve::vmdk_options_test {
namespace {

void expect_usage(const OptionMap& options, const std::vector<std::string>& texts) {
    try {
        vmdk::parse_creation_options(options);
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::usage);
        for (const std::string& text : texts) CHECK_THAT(error.what(), ContainsSubstring(text));
        return;
    }
    FAIL_CHECK("no error");
}

std::string_view option_words_of_subformat() {
    const auto words = vmdk::option_words();
    return std::ranges::find(words, std::string_view("subformat"), &OptionWord::name)->values;
}

}  // namespace

TEST_CASE("vmdk options: each option sets its value", "[vmdk-writer][options]") {
    const vmdk::CreationOptions plain = vmdk::parse_creation_options({});
    CHECK(plain.subformat == vmdk::Subformat::monolithic_sparse);
    CHECK(plain.adapter_type == vmdk::AdapterType::lsilogic);
    CHECK(plain.hwversion == 4);
    CHECK_FALSE(plain.zeroed_grain);
    CHECK_FALSE(plain.uuid.has_value());
    const vmdk::CreationOptions all = vmdk::parse_creation_options({{"subformat", "monolithicSparse"},
                                                                    {"adapter_type", "legacyESX"},
                                                                    {"hwversion", "21"},
                                                                    {"zeroed_grain", "on"},
                                                                    {"uuid", "00112233-4455-6677-8899-aabbccddeeFF"}});
    CHECK(all.adapter_type == vmdk::AdapterType::legacy_esx);
    CHECK(all.hwversion == 21);
    CHECK(all.zeroed_grain);
    CHECK(to_hex(all.uuid.value()) == "00112233445566778899aabbccddeeff");
    for (const std::string adapter : {"ide", "buslogic", "lsilogic"})
        CHECK(name_of(vmdk::parse_creation_options({{"adapter_type", adapter}}).adapter_type) == adapter);
}

TEST_CASE("vmdk options: an error lists the valid options or values", "[vmdk-writer][options]") {
    expect_usage({{"subformat", "streamoptimized"}}, {"subformat=streamoptimized", "monolithicSparse"});
    expect_usage({{"adapter_type", "nvme"}}, {"adapter_type=nvme", "ide, buslogic, lsilogic or legacyESX"});
    for (const std::string version : {"0", "100", "-4", "", "4x", "18446744073709551620"})
        expect_usage({{"hwversion", version}}, {"hwversion=" + version, "1 to 99"});
    expect_usage({{"zeroed_grain", "yes"}}, {"zeroed_grain=yes", "on or off"});
    for (const std::string uuid : {"", "0011223344556677-8899-aabbccddeeff", "00112233-4455-6677-8899-aabbccddeef",
                                   "00112233-4455-6677-8899-aabbccddeeff0", "00112233-4455-6677-8899-aabbccddeefg",
                                   "00000000-0000-0000-0000-000000000000", "00112233x4455-6677-8899-aabbccddeeff"})
        expect_usage({{"uuid", uuid}}, {"uuid=" + uuid, "UUID"});
    expect_usage({{"cluster_size", "64K"}}, {"cluster_size", "subformat, adapter_type"});
}

TEST_CASE("vmdk options: every subformat in the help is accepted", "[vmdk-writer][options]") {
    const std::string list(option_words_of_subformat());
    for (const std::string subformat : {"monolithicSparse", "monolithicFlat", "twoGbMaxExtentSparse",
                                        "twoGbMaxExtentFlat", "streamOptimized", "vmfs"}) {
        CHECK_THAT(list, ContainsSubstring(subformat));
        CHECK(name_of(vmdk::parse_creation_options({{"subformat", subformat}}).subformat) == subformat);
    }
    for (const std::string subformat : {"vmfsThin", "vmfsSparse", "seSparse", "custom", "2GbMaxExtentFlat", ""})
        expect_usage({{"subformat", subformat}}, {"subformat=" + subformat, list});
}

TEST_CASE("vmdk options: those of the source are kept if they can be written", "[vmdk-writer][options]") {
    const OptionMap source{{"subformat", "twoGbMaxExtentSparse"},
                           {"adapter_type", "ide"},
                           {"hwversion", "19"},
                           {"uuid", "00112233-4455-6677-8899-aabbccddeeff"}};
    CHECK(with_recorded_options("vmdk", {}, source) ==
          OptionMap{{"subformat", "twoGbMaxExtentSparse"}, {"adapter_type", "ide"}, {"hwversion", "19"}});
    CHECK(with_recorded_options("vmdk", {{"adapter_type", "buslogic"}}, source).at("adapter_type") == "buslogic");
    CHECK(with_recorded_options("vmdk", {}, {{"adapter_type", "pvscsi"}, {"hwversion", "x"}}).empty());
    CHECK(with_recorded_options("vmdk", {}, {{"subformat", "vmfs"}}) == OptionMap{{"subformat", "vmfs"}});
}

TEST_CASE("vmdk options: a source whose subformat can't be written becomes one of the default subformat",
          "[vmdk-writer][options]") {
    for (const std::string subformat : {"vmfsThin", "vmfsPreallocated", "vmfsEagerZeroedThick", "vmfsSparse",
                                        "seSparse", "custom", "fullDevice", "", "x"}) {
        const OptionMap options = with_recorded_options("vmdk", {}, {{"subformat", subformat}, {"hwversion", "7"}});
        CHECK(options == OptionMap{{"hwversion", "7"}});
        CHECK(vmdk::parse_creation_options(options).subformat == vmdk::Subformat::monolithic_sparse);
    }
}

TEST_CASE("vmdk options: only subformats written sequentially can go to a pipe", "[vmdk-writer][options]") {
    CHECK(is_streamed("vmdk", {{"subformat", "streamOptimized"}}));
    CHECK_FALSE(is_streamed("vmdk", {{"subformat", "monolithicSparse"}}));
    for (const std::string subformat : {"monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat", "vmfs"})
        CHECK_FALSE(is_streamed("vmdk", {{"subformat", subformat}}));
    CHECK_FALSE(is_streamed("vmdk", {}));
    CHECK(is_streamed("raw", {}));
    CHECK_FALSE(is_streamed("qcow2", {}));
    CHECK(may_be_streamed("vmdk"));
    CHECK(may_be_streamed("raw"));
    CHECK_FALSE(may_be_streamed("qcow2"));
    for (const std::string subformat : {"streamOptimized", "monolithicFlat", "twoGbMaxExtentFlat", "vmfs"})
        expect_usage({{"subformat", subformat}, {"zeroed_grain", "on"}}, {"subformat=" + subformat, "conflicts with"});
    CHECK(vmdk::parse_creation_options({{"subformat", "twoGbMaxExtentSparse"}, {"zeroed_grain", "on"}}).zeroed_grain);
}

TEST_CASE("vmdk options: a source that was a stream is restored as one", "[vmdk-writer][options]") {
    CHECK(with_recorded_options("vmdk", {}, {{"subformat", "streamOptimized"}, {"zeroed_grain", "on"}}) ==
          OptionMap{{"subformat", "streamOptimized"}});
    CHECK(with_recorded_options("vmdk", {{"zeroed_grain", "on"}}, {{"subformat", "streamOptimized"}}) ==
          OptionMap{{"zeroed_grain", "on"}});
}

}  // namespace varve::vmdk_options_test
