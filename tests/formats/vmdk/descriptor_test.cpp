#include "formats/vmdk/descriptor.h"

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/formats/vmdk/builder.h"
#include "tests/support/build_paths.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using namespace std::string_literals;
using varve::vmdk::ExtentAccess;
using varve::vmdk::ExtentStorage;
using varve::vmdk::parse_descriptor;

std::string vmdk_refusal(const std::string& text) {
    try {
        parse_descriptor(text, "'d.vmdk'");
        return {};
    } catch (const Error& error) {
        return error.what();
    }
}

std::string with_extent(const std::string& line) { return vmdk::descriptor("monolithicFlat", {line}); }

}  // namespace

TEST_CASE("VMDK descriptor: any case, odd blanks, CRLF, comments and a BOM are accepted", "[formats][vmdk]") {
    const auto d = parse_descriptor(
        "\xef\xbb\xbf# made by hand\r\n\r\n #Disk DescriptorFile\r\nVERSION = 1 \r\nEncoding=\"GBK\"\r\n"
        "cid = 0A54774a \r\nPARENTcid=FFFFFFFF\r\ncreatetype=\"2gbMaxExtentSPARSE\" \r\n"
        "\trdonly  63\tflat \"\xb4\xc5\xc5\xcc a.vmdk\"  7  partitionUUID x\r\n"
        "noaccess 100 ZERO\r\nRw 5 Vmfs \"b\"\r\nNOACCESS 3 SPARSE \"gone\"\r\n"
        "DDB.AdapterType=\"ide\"\r\nddb.uuid.image = \"abc\"\r\nddb.empty = \"\"",
        "x");
    CHECK(d.create_type == "twoGbMaxExtentSparse");
    CHECK(d.content_id == 0x0a54774a);
    CHECK_FALSE(d.parent_content_id);
    REQUIRE(d.extents.size() == 4);
    CHECK(d.extents[0].access == ExtentAccess::read_only);
    CHECK(d.extents[0].file == "\xb4\xc5\xc5\xcc a.vmdk");
    CHECK(d.extents[0].file_begin.value == 7 * 512);
    CHECK(d.extents[0].length.value == 63 * 512);
    CHECK(d.extents[1].storage == ExtentStorage::zero);
    CHECK(d.extents[2].storage == ExtentStorage::flat);
    CHECK(d.extents[3].access == ExtentAccess::no_access);
    CHECK(d.size.value == (63 + 100 + 5 + 3) * 512);
    CHECK(d.fact("adaptertype") == "ide");
    CHECK(d.fact("uuid.image") == "abc");
    CHECK(d.fact("empty") == "");
    CHECK_FALSE(d.fact("virtualhwversion"));
}

TEST_CASE("VMDK descriptor: invalid ones are refused with line, expected and found", "[formats][vmdk][bad-input]") {
    const std::vector<std::pair<std::string, std::string>> cases{
        {std::string((1 << 20) + 1, 'x'), "expected at most 1048576 bytes"},
        {std::string(1 << 20, 'x'), "line 1: expected an extent"},
        {"", "expected createType"},
        {"\xff\xfe#\0"s, "UTF-16"},
        {"createType=\"monolithicFlat\"\nCID=1\n", "expected parentCID"},
        {"parentCID=ffffffff\n", "expected createType"},
        {with_extent("RW 9223372036854775808 FLAT \"a\" 0"), "line 8: expected the extent's number of sectors"},
        {with_extent("RW -1 FLAT \"a\" 0"), "found '-1'"},
        {with_extent("RW 18446744073709551616 FLAT \"a\" 0"), "number of sectors"},
        {with_extent("RW 1e3 FLAT \"a\" 0"), "number of sectors"},
        {with_extent("RW"), "number of sectors"},
        {with_extent("RW 10"), "an extent of type ''"},
        {with_extent("RW 10 FLOT \"a\" 0"), "an extent of type 'FLOT'"},
        {with_extent("RW 10 VMFSRDM \"a\" 0"), "an extent of type 'VMFSRDM'"},
        {with_extent("RX 10 FLAT \"a\" 0"), "expected an extent (RW, RDONLY or NOACCESS)"},
        {with_extent("RW 10 FLAT"), "expected the extent's \"file\""},
        {with_extent("RW 10 FLAT a 0"), "expected the extent's \"file\""},
        {with_extent("RW 10 FLAT \"a 0"), "expected the extent's \"file\""},
        {with_extent("RW 10 FLAT \"\" 0"), "expected a name of 1 to 4096 bytes, found 0"},
        {with_extent("RW 10 FLAT \"" + std::string(65536, 'n') + "\" 0"), "found 65536"},
        {with_extent("RW 10 FLAT \"a\" -5"), "offset in the extent's file"},
        {with_extent("RW 10 FLAT \"a\" 18014398509481985"), "offset in the extent's file"},
        {vmdk::descriptor("monolithicFlat", {"RW 18014398509481983 ZERO", "RW 1 ZERO"}), "line 9"},
        {vmdk::descriptor("fullDevice", {"RW 8 FLAT \"/dev/sda\" 0"}),
         "line 8: an extent on the device '/dev/sda' (createType 'fullDevice')"},
        {vmdk::descriptor("partitionedDevice", {"RW 8 FLAT \"\\\\.\\PhysicalDrive0\" 0"}),
         "an extent on the device '\\\\.\\PhysicalDrive0'"},
        {vmdk::descriptor("vmfsRDMP", {}), "createType 'vmfsRDMP'"},
        {vmdk::descriptor("\x1b[m", {}), "createType '\x1b[m'"},
        {vmdk::descriptor("vmfs", {}, "xyz"), "expected cid as up to 8 hexadecimal digits, found 'xyz'"},
        {vmdk::descriptor("vmfs", {}, "123456789"), "8 hexadecimal digits"},
        {vmdk::descriptor("vmfs", {}, "1", "1"), "parentFileNameHint does not name it"},
        {vmdk::descriptor("vmfs", {}, "1", "ffffffff", {"parentFileNameHint=\"a\""}), "names 'a'"},
        {vmdk::descriptor("vmfs", {}, "1", "ffffffff", {"cid=2"}), "expected 'cid' once"},
        {vmdk::descriptor("vmfs", {}, "1", "ffffffff", {"isNativeSnapshot=\"yes\""}), "storage array"},
        {vmdk::descriptor("vmfs", {}, "1", "ffffffff", {"encryptionKeys=\"vmware:key/list/()\""}), "an encrypted disk"},
    };
    for (const auto& [text, message] : cases) {
        CAPTURE(message);
        CHECK_THAT(vmdk_refusal(text), ContainsSubstring(message));
        CHECK_THAT(vmdk_refusal(text), ContainsSubstring("descriptor of 'd.vmdk'"));
    }
    std::string many = vmdk::descriptor("vmfs", {});
    for (int i = 0; i < 65537; ++i) many += "RW 1 ZERO\n";
    CHECK_THAT(vmdk_refusal(many), ContainsSubstring("expected at most 65536 extents"));
}

TEST_CASE("VMDK descriptor: every truncation and bit flip is read or refused", "[formats][vmdk][bad-input]") {
    const std::string text = vmdk::descriptor("vmfs", {"RW 63 VMFS \"a-flat.vmdk\"", "NOACCESS 5 ZERO"}, "ab12", "cd34",
                                              {"parentFileNameHint=\"C:\\vm\\b.vmdk\""});
    std::mt19937_64 random(5);
    for (std::size_t length = 0; length <= text.size(); ++length) CHECK_NOTHROW(vmdk_refusal(text.substr(0, length)));
    for (int i = 0; i < 5000; ++i) {
        std::string changed = text;
        changed[random() % changed.size()] ^= static_cast<char>(1 << random() % 8);
        CHECK_NOTHROW(vmdk_refusal(changed));
    }
}

TEST_CASE("VMDK: the test builder shares no header with the reader", "[formats][vmdk]") {
    for (const std::string name : {"builder.h", "builder.cpp"}) {
        const Bytes source = writer_test::read_file(test::source_path("tests/formats/vmdk/" + name));
        std::string_view rest = text_of(source);
        unsigned includes = 0;
        for (std::size_t at; (at = rest.find("#include \"")) != std::string_view::npos; ++includes) {
            rest.remove_prefix(at + 10);
            const std::string_view file = rest.substr(0, rest.find('"'));
            CAPTURE(file);
            CHECK((file.starts_with("engine/base/") || file == "tests/formats/vmdk/builder.h"));
        }
        CHECK(includes == 1);
    }
}

}  // namespace varve::reader_test
