#include "formats/appliance/descriptor_reader.h"

#include <sys/resource.h>

#include <cstdlib>
#include <random>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/appliance/allocation_units.h"
#include "formats/appliance/href.h"
#include "tests/catch.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using namespace std::string_literals;
using appliance::href_fault;
using appliance::parse_descriptor;

constexpr std::string_view vmdk_format = "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized";

std::string envelope(const std::string& inside) {
    return "<?xml version=\"1.0\"?>\n<Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\" "
           "xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/1\">" +
           inside + "</Envelope>\n";
}

std::string references(const std::string& files) { return "<References>" + files + "</References>"; }
std::string section(const std::string& disks) { return "<DiskSection><Info/>" + disks + "</DiskSection>"; }

/// One disk with these attributes in one file.
std::string with_disk(const std::string& attributes) {
    return envelope(references("<File ovf:id='f' ovf:href='a.vmdk'/>") +
                    section("<Disk ovf:diskId='d' ovf:fileRef='f' " + attributes + "/>"));
}

std::string with_file(const std::string& attributes) {
    return envelope(references("<File ovf:id='f' ovf:href='a.vmdk' " + attributes + "/>"));
}

appliance::Descriptor parse_xml(const std::string& text) { return parse_descriptor(bytes_of(text), "'a.ovf'"); }

std::pair<std::optional<ErrorCode>, std::string> descriptor_refusal(const std::string& text) {
    try {
        parse_xml(text);
        return {};
    } catch (const Error& error) {
        return {error.code(), error.what()};
    }
}

std::string in_utf16(const std::string& ascii, bool is_big) {
    std::string out = is_big ? "\xfe\xff" : "\xff\xfe";
    for (const char c : ascii) out += is_big ? "\0"s + c : c + "\0"s;
    return out;
}

struct ExpectedFile {
    std::string id, href;
    std::optional<std::uint64_t> size, chunk_size;
};

struct ExpectedDisk {
    std::string id, file;
    std::uint64_t capacity;
};

/// The content of the real descriptors, read by a person.
struct RealDescriptor {
    std::string file, name;
    std::vector<ExpectedFile> files;
    std::vector<ExpectedDisk> disks;
};

const ExpectedFile nostalgia_file{"file1", "nostalgia-disk1.vmdk", 6872576, {}};
const ExpectedDisk nostalgia_disk{"vmdisk1", "file1", 107373568};

const std::vector<RealDescriptor> real_descriptors{
    {"SSM-VM-export.ovf", "name", {{"file1", "name-1.vmdk", {}, {}}}, {{"vmdisk1", "file1", 4194304}}},
    {"SimpleVm.ovf", "SimpleVm", {{"file1", "nostalgia-disk1.vmdk", {}, {}}}, {{"vmdisk1", "file1", 1073741824}}},
    {"SimpleVm_with_vgpu.ovf",
     "SimpleVm_with_vgpu",
     {{"file1", "nostalgia-disk1.vmdk", {}, {}}},
     {{"vmdisk1", "file1", 2147483648}}},
    {"dvxPCIPassthrough.ovf", "dvx-pci-vm", {}, {}},
    {"external.ovf",
     "Test System Collection",
     {{"msgbundle", "msgbundle001.msgs", 592, {}},
      {"msgbundle-da", "msgbundle001-da.msgs", 258, {}},
      {"msgbundle-de", "msgbundle001-de.msgs", 258, {}}},
     {}},
    {"jeos_missing_vmdk.ovf",
     "CentOS_6_JeOS_-_Minimal",
     {{"system.vmdk_id", "jeos-missing-disk.vmdk", 54191104, {}}, {"isofile", "jeos-missing-iso.iso", {}, {}}},
     {{"system", "system.vmdk_id", std::uint64_t{2048} << 20}}},
    {"missing_nvdimm_controller.ovf",
     "Nostalgia",
     {nostalgia_file, {"file2", "nostalgia-nvdimm.vmdk", 68096, {}}},
     {nostalgia_disk, {"vmdisk2", "file2", 33554432}}},
    {"nostalgia-128mb.ovf", "Nostalgia", {nostalgia_file}, {nostalgia_disk}},
    {"nostalgia-chunkdisk.ovf",
     "Nostalgia",
     {{"file1", "Nostalgia-disk1.vmdk", 6872576, 7516192768}},
     {nostalgia_disk}},
    {"nostalgia-diskonlymf.ovf", "Nostalgia", {nostalgia_file}, {nostalgia_disk}},
    {"nostalgia-eula.ovf", "Nostalgia", {nostalgia_file}, {nostalgia_disk}},
    {"nostalgia-missing-element-name.ovf", "Nostalgia", {{"file1", "nostalgia-disk1.vmdk", {}, {}}}, {nostalgia_disk}},
    {"nostalgia-msg-bundle.ovf",
     "Nostalgia",
     {nostalgia_file, {"msgbundle", "msgbundle.msgs", 214, {}}},
     {nostalgia_disk}},
    {"nostalgia-noproperties-scheme.ovf", "Nostalgia", {nostalgia_file}, {nostalgia_disk}},
    {"nostalgia-read-only-disk.ovf",
     "Nostalgia",
     {nostalgia_file, {"file2", "nostalgia-disk2.vmdk", 6872576, {}}, {"file3", "nostalgia-disk3.vmdk", 6872576, {}}},
     {nostalgia_disk, {"vmdisk2", "file2", 107373568}, {"vmdisk3", "file3", 107373568}}},
    {"nostalgia-ttylinux-vapp.ovf",
     "nostalgia-ttylinux-vapp",
     {nostalgia_file, {"file2", "ttylinux-disk1.vmdk", 6111744, {}}},
     {nostalgia_disk, {"vmdisk2", "file2", 107374080}}},
    {"nostalgia-two-disks-same.ovf", "Nostalgia", {nostalgia_file}, {nostalgia_disk}},
    {"nostalgia-two-disks.ovf",
     "Nostalgia",
     {nostalgia_file, {"file2", "nostalgia-disk2.vmdk", 6872576, {}}},
     {nostalgia_disk, {"vmdisk2", "file2", 107373568}}},
    {"nostalgia-vapp-empty-name.ovf", "vappSingleVM", {nostalgia_file}, {nostalgia_disk}},
    {"nostalgia-virtualdiskformat-disk.ovf",
     "Nostalgia",
     {nostalgia_file, {"file2", "nostalgia-disk2.vmdk", 6872576, {}}, {"file3", "nostalgia-4kn-disk3.vmdk", 68096, {}}},
     {nostalgia_disk, {"vmdisk2", "file2", 107373568}, {"vmdisk3", "file3", 5242880}}},
    {"nostalgia-with-missing-vmdk.ovf", "Nostalgia", {{"file1", "missing-disk.vmdk", 6872576, {}}}, {nostalgia_disk}},
    {"nvdimm.ovf",
     "Nostalgia",
     {nostalgia_file, {"file2", "nostalgia-nvdimm.vmdk", 68096, {}}},
     {nostalgia_disk, {"vmdisk2", "file2", 33554432}}},
    {"nvm_disk.ovf", "Nostalgia", {{"file1", "nostalgia-pmemdisk.vmdk", 68096, {}}}, {{"vmdisk1", "file1", 134217728}}},
};

void check_real(const RealDescriptor& expected, const Bytes& text) {
    const appliance::Descriptor d = parse_descriptor(text, expected.file);
    CHECK(d.name == expected.name);
    CHECK(d.warnings.empty());
    REQUIRE(d.files.size() == expected.files.size());
    for (std::size_t i = 0; i < d.files.size(); ++i) {
        CHECK(d.files[i].id == expected.files[i].id);
        CHECK(d.files[i].href == expected.files[i].href);
        CHECK(d.files[i].size.has_value() == expected.files[i].size.has_value());
        CHECK(d.files[i].size.value_or(ByteCount{}).value == expected.files[i].size.value_or(0));
        CHECK(d.files[i].chunk_size.value_or(ByteCount{}).value == expected.files[i].chunk_size.value_or(0));
        CHECK_FALSE(d.files[i].is_gzip);
        CHECK_FALSE(href_fault(d.files[i].href));
    }
    REQUIRE(d.disks.size() == expected.disks.size());
    for (std::size_t i = 0; i < d.disks.size(); ++i) {
        CHECK(d.disks[i].id == expected.disks[i].id);
        CHECK(d.disks[i].file == expected.disks[i].file);
        CHECK(d.disks[i].capacity == ByteCount{expected.disks[i].capacity});
        CHECK(d.disks[i].format == vmdk_format);
        CHECK(d.disks[i].parent.empty());
    }
}

}  // namespace

TEST_CASE("OVF: files, disks and capacities of real descriptors are what a person reads in them", "[formats][ova]") {
    const char* corpus = std::getenv("VARVE_CORPUS");
    const std::filesystem::path folder =
        std::filesystem::path(corpus == nullptr ? "" : corpus) / "vmware+govmomi/ovf/fixtures/external";
    if (corpus == nullptr || !std::filesystem::exists(folder)) {
        WARN("skipped: VARVE_CORPUS names no folder with OVF descriptors");
        return;
    }
    for (const RealDescriptor& expected : real_descriptors) {
        INFO(expected.file);
        check_real(expected, writer_test::read_file((folder / expected.file).string()));
    }
    const Bytes damaged = writer_test::read_file((folder / "jeos_corrupted.ovf").string());
    CHECK_THROWS_WITH(parse_descriptor(damaged, "x"), ContainsSubstring("expected one root element, found the text"));
    const auto files = std::distance(std::filesystem::directory_iterator(folder), {});
    CHECK(static_cast<std::size_t>(files) == real_descriptors.size() + 1);
}

TEST_CASE("OVF: a descriptor is accepted with any prefix, in UTF-8 and UTF-16, with products' additions",
          "[formats][ova]") {
    const std::string text = R"(<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment --><o:Envelope xmlns:o="http://schemas.dmtf.org/ovf/envelope/2" xmlns:x="urn:x" xml:lang="en">
 <o:References>
  <o:File o:id="f1" o:href="a &amp; b.vmdk" o:size="10" x:href="other" o:compression="identity"/>
  <o:File id="f2" href="b.vmdk.gz" compression="gzip" o:chunkSize="100"/><x:Extra/>
 </o:References>
 <o:DiskSection><o:Info>Disks</o:Info>
  <o:Disk o:diskId="d1" o:fileRef="f1" o:capacity="3" o:capacityAllocationUnits="byte * 2^30" o:format="urn:f"/>
  <o:Disk o:diskId="d2" o:capacity="20" o:capacityAllocationUnits="MegaBytes" o:parentRef="d1"/>
  <o:Disk o:diskId="d3" o:fileRef="f2" o:capacity=""/>
  <o:Disk o:diskId="d4" o:capacity="${size}"/>
  <o:Disk o:diskId="d5" o:fileRef="f2" o:capacity="7" o:capacityAllocationUnits="furlong"/>
 </o:DiskSection>
 <o:VirtualSystem o:id="vm"><o:Name> A machine </o:Name></o:VirtualSystem>
</o:Envelope>)";
    for (const std::string& one : {text, "\xef\xbb\xbf" + text, in_utf16(text, false), in_utf16(text, true)}) {
        const appliance::Descriptor d = parse_xml(one);
        CHECK(d.name == "A machine");
        REQUIRE(d.files.size() == 2);
        CHECK(d.files[0].href == "a & b.vmdk");
        CHECK(d.files[0].size == ByteCount{10});
        CHECK_FALSE(d.files[0].is_gzip);
        CHECK_FALSE(d.files[0].chunk_size);
        CHECK(d.files[1].href == "b.vmdk.gz");
        CHECK(d.files[1].is_gzip);
        CHECK_FALSE(d.files[1].size);
        CHECK(d.files[1].chunk_size == ByteCount{100});
        REQUIRE(d.disks.size() == 5);
        CHECK(d.disks[0].capacity == ByteCount{std::uint64_t{3} << 30});
        CHECK(d.disks[0].format == "urn:f");
        CHECK(d.disks[1].capacity == mib(20));
        CHECK(d.disks[1].file.empty());
        CHECK(d.disks[1].parent == "d1");
        CHECK_FALSE(d.disks[2].capacity);
        CHECK_FALSE(d.disks[3].capacity);
        CHECK_FALSE(d.disks[4].capacity);
        REQUIRE(d.warnings.size() == 2);
        CHECK_THAT(d.warnings[0], ContainsSubstring("disk 'd4' is unknown: '${size}' is chosen when"));
        CHECK_THAT(d.warnings[1], ContainsSubstring("disk 'd5' is unknown: its unit 'furlong' is unknown"));
    }
}

TEST_CASE("OVF: the sections of the drafts before 1.0 and shared disks are found", "[formats][ova]") {
    const appliance::Descriptor d = parse_xml(R"(<ovf:Envelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
      xmlns:ovf="http://www.vmware.com/schema/ovf/1/envelope"><References><File ovf:href="a" ovf:id="f"/></References>
      <Section xsi:type="ovf:NetworkSection_Type"><Disk ovf:diskId="no"/></Section>
      <Section xsi:type="ovf:DiskSection_Type"><Disk ovf:diskId="d" ovf:fileRef="f" ovf:capacity="8"/></Section>
      <SharedDiskSection><SharedDisk ovf:diskId="s" ovf:capacity="9"/></SharedDiskSection>
      <Content ovf:id="vm" xsi:type="ovf:VirtualSystem_Type"/></ovf:Envelope>)");
    REQUIRE(d.disks.size() == 2);
    CHECK(d.disks[0].id == "d");
    CHECK(d.disks[1].id == "s");
    CHECK(d.name == "vm");
}

TEST_CASE("OVF: units of capacity are products of powers, or words of old versions", "[formats][ova]") {
    const auto bytes = [](std::string_view units) { return appliance::bytes_per_unit(units); };
    constexpr std::uint64_t most = ~std::uint64_t{0};
    CHECK(bytes("") == 1);
    CHECK(bytes("byte") == 1);
    CHECK(bytes("byte * 2^30") == std::uint64_t{1} << 30);
    CHECK(bytes("byte*2^40") == std::uint64_t{1} << 40);
    CHECK(bytes(" Byte * 10 ^ 9 ") == 1000000000);
    CHECK(bytes("byte * 1024 * 2^10") == 1048576);
    CHECK(bytes("KiloBytes") == 1024);
    CHECK(bytes("GIGABYTES") == std::uint64_t{1} << 30);
    CHECK(bytes("byte * 2^0") == 1);
    CHECK(bytes("byte * 1^18446744073709551615") == 1);
    CHECK(bytes("byte * 0^99999999999") == 0);
    CHECK(bytes("byte * 2^64") == most);
    CHECK(bytes("byte * 2^18446744073709551615") == most);
    CHECK(bytes("byte * 99999999999999999999") == most);
    for (const std::string_view unknown : {"bit", "byte *", "byte * 2^", "byte * ^2", "byte / 8", "byte * 2^-1",
                                           "byte * x", "2^30", "byte * * 2", "byte 2^30", "byte * 2^3^4"}) {
        CAPTURE(unknown);
        CHECK_FALSE(bytes(unknown));
    }
}

TEST_CASE("OVF: an impossible size, chunk size or capacity is ignored with a warning", "[formats][ova][bad-input]") {
    const std::vector<std::pair<std::string, std::string>> cases{
        {with_file("ovf:size='-1'"), "the attribute 'size' is ignored: expected 0 to 2^63 - 1 bytes, found '-1'"},
        {with_file("ovf:size='-2'"), "found '-2'"},
        {with_file("ovf:size='9223372036854775808'"), "found '9223372036854775808'"},
        {with_file("ovf:size='1e3'"), "found '1e3'"},
        {with_file("ovf:chunkSize='0'"), "'chunkSize' is ignored: expected 1 to 2^63 - 1 bytes, found '0'"},
        {with_file("ovf:chunkSize='-5'"), "found '-5'"},
        {with_disk("ovf:capacity='-1'"), "the capacity of disk 'd' is unknown: expected 0 to 2^63 - 1, found '-1'"},
        {with_disk("ovf:capacity='10 GB'"), "found '10 GB'"},
        {with_disk("ovf:capacity='8589934592' ovf:capacityAllocationUnits='byte * 2^30'"),
         "expected at most 2^63 - 1 bytes, found 8589934592 times 'byte * 2^30'"},
        {with_disk("ovf:capacity='1' ovf:capacityAllocationUnits='byte * 2^64'"), "found 1 times"},
    };
    for (const auto& [text, warning] : cases) {
        CAPTURE(text);
        const appliance::Descriptor d = parse_xml(text);
        REQUIRE(d.warnings.size() == 1);
        CHECK_THAT(d.warnings[0], ContainsSubstring(warning));
        for (const auto& file : d.files) CHECK((!file.size && !file.chunk_size));
        for (const auto& disk : d.disks) CHECK_FALSE(disk.capacity);
    }
}

TEST_CASE("OVF: invalid descriptors are refused with place, expected and found", "[formats][ova][bad-input]") {
    const std::string disk = "<Disk ovf:diskId='d' ovf:capacity='1'/>";
    const std::string xxe =
        "<!DOCTYPE Envelope [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>" + envelope(references("<File href='&e;'/>"));
    const std::string laughs = "<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]>" +
                               envelope("<VirtualSystem ovf:id='&b;'/>");
    struct Case {
        std::string text;
        ErrorCode code;
        std::string message;
    };
    const std::vector<Case> cases{
        {xxe, ErrorCode::refused, "it has a document type (DOCTYPE)"},
        {laughs, ErrorCode::refused, "it has a document type (DOCTYPE)"},
        {in_utf16(xxe, true), ErrorCode::refused, "DOCTYPE"},
        {"<!DOCTYPE Envelope [", ErrorCode::refused, "DOCTYPE"},
        {"<Envelope><!DOCTYPE a></Envelope>", ErrorCode::refused, "DOCTYPE"},
        {std::string((16 << 20) + 1, ' '), ErrorCode::refused, "at most 16777216 bytes, found 16777217"},
        {envelope(std::string(300000, '<')), ErrorCode::refused, "at most 262144 tags"},
        {envelope("<a " + std::string(1 << 20, '=') + "/>"), ErrorCode::refused, "1048576 attributes"},
        {"", ErrorCode::corrupt, "expected the root element 'Envelope', found none"},
        {"hello", ErrorCode::corrupt, "found the text 'hello' at byte 0 outside it"},
        {envelope("") + "tail", ErrorCode::corrupt, "outside it"},
        {envelope("") + envelope(""), ErrorCode::corrupt, "expected one root element, found another"},
        {envelope("") + "\0"s, ErrorCode::corrupt, "expected XML, found a NUL"},
        {in_utf16(envelope("") + "\0"s, false), ErrorCode::corrupt, "found a NUL"},
        {"<html/>", ErrorCode::corrupt, "element 'html': expected the root element 'Envelope'"},
        {"<Envelope>", ErrorCode::corrupt, "expected XML, found at byte 9: "},
        {"<Envelope a='1/>", ErrorCode::corrupt, "expected XML, found at byte"},
        {"<Envelope></Envelop>", ErrorCode::corrupt, "expected XML, found at byte"},
        {envelope(references("<File ovf:href='a'/>")), ErrorCode::corrupt, "expected attribute 'id', found none"},
        {envelope(references("<File ovf:id='a'/>")), ErrorCode::corrupt, "expected attribute 'href', found none"},
        {envelope(references("<File vmw:id='a' x:href='b'/>")), ErrorCode::corrupt, "attribute 'id', found none"},
        {envelope(references("<File id='a' href='b'/><File id='a' href='c'/>")), ErrorCode::corrupt,
         "expected each file's id once, found 'a' a second time"},
        {with_file("href='b.vmdk'"), ErrorCode::corrupt, "'href' once, found 'b.vmdk' after 'a.vmdk'"},
        {with_file("ovf:compression='bzip2'"), ErrorCode::unsupported, "file 'f' is compressed with 'bzip2'"},
        {with_file("ovf:size='" + std::string(65537, '1') + "'"), ErrorCode::corrupt,
         "at most 65536 bytes, found 65537"},
        {envelope("<EncryptionSection/>"), ErrorCode::unsupported, "the package is encrypted"},
        {envelope(section("<Disk ovf:capacity='1'/>")), ErrorCode::corrupt, "expected attribute 'diskId', found none"},
        {envelope(section(disk + disk)), ErrorCode::corrupt, "expected each disk's id once, found 'd' a second time"},
        {envelope(section("<Disk ovf:diskId='d' ovf:fileRef='\x1b[m'/>")), ErrorCode::corrupt,
         "disk 'd' is in the file '\x1b[m', which is not among"},
        {envelope(section("<Disk ovf:diskId='d' ovf:parentRef='e'/>")), ErrorCode::corrupt,
         "disk 'd' is based on the disk 'e', which the package does not have"},
        {envelope(section("<Disk diskId='d' parentRef='d'/>")), ErrorCode::corrupt, "disk 'd' is based on itself"},
        {envelope(section("<Disk diskId='a' parentRef='b'/><Disk diskId='b' parentRef='c'/>"
                          "<Disk diskId='c' parentRef='b'/>")),
         ErrorCode::corrupt, "disk 'b' is based on itself"},
        {envelope("<VirtualSystem><Name>" + std::string(70000, 'n') + "</Name></VirtualSystem>"), ErrorCode::corrupt,
         "found a name of 70000 bytes"},
    };
    for (const Case& one : cases) {
        CAPTURE(one.message);
        const auto [code, text] = descriptor_refusal(one.text);
        CHECK(code == one.code);
        CHECK_THAT(text, ContainsSubstring(one.message));
        CHECK_THAT(text, ContainsSubstring("'a.ovf': "));
    }
    std::string files, disks, prefixes;
    for (int i = 0; i <= 4096; ++i) {
        files += fmt::format("<File id='{}' href='a'/>", i);
        disks += fmt::format("<Disk diskId='{0}' capacity='1' {1}='{2}'/>", i, i == 0 ? "x" : "parentRef", i - 1);
    }
    CHECK_THAT(descriptor_refusal(envelope(references(files))).second, ContainsSubstring("at most 4096 files"));
    CHECK_THAT(descriptor_refusal(envelope(section(disks))).second, ContainsSubstring("at most 4096 disks"));
    for (int i = 0; i < 20; ++i) prefixes += fmt::format(" xmlns:p{}='http://schemas.dmtf.org/ovf/envelope/1'", i);
    CHECK_THAT(descriptor_refusal("<Envelope" + prefixes + "/>").second, ContainsSubstring("more than 16"));
}

TEST_CASE("OVF: deeply nested and wide descriptors cost little", "[formats][ova][bad-input]") {
    std::string deep;
    for (int i = 0; i < 100000; ++i) deep += "<a>";
    CHECK_THAT(descriptor_refusal(envelope(deep)).second, ContainsSubstring("expected XML"));
    std::string closed = deep;
    for (int i = 0; i < 100000; ++i) closed += "</a>";
    CHECK(parse_xml(envelope(closed)).files.empty());
    CHECK(parse_xml(envelope("<a>" + std::string(15 << 20, 'x') + "</a>")).disks.empty());
}

TEST_CASE("OVF: the largest accepted descriptor takes bounded memory", "[formats][ova][bad-input]") {
    CHECK(writer_test::in_child([] {
              std::string text;
              text.reserve(16 << 20);
              text = "<Envelope>";
              for (int i = 0; i < 260000; ++i) text += "<a b='' c='' d='' e=''/>";
              text += std::string((16 << 20) - text.size() - 11, 'x') + "</Envelope>";
              rusage before{}, after{};
              ::getrusage(RUSAGE_SELF, &before);
              const bool is_read = parse_xml(text).files.empty();
              ::getrusage(RUSAGE_SELF, &after);
              return is_read && after.ru_maxrss - before.ru_maxrss < 128 << 10;  // KiB; twice what it takes
          }) == 0);
}

TEST_CASE("OVF: every truncation and bit flip of a descriptor is read or refused", "[formats][ova][bad-input]") {
    const std::string text =
        envelope(references("<File ovf:id='f' ovf:href='a.vmdk' ovf:size='5' ovf:chunkSize='9' compression='gzip'/>") +
                 section("<Disk ovf:diskId='d' ovf:fileRef='f' ovf:capacity='1' "
                         "ovf:capacityAllocationUnits='byte * 2^30'/><Disk ovf:diskId='e' ovf:parentRef='d'/>") +
                 "<VirtualSystem ovf:id='v'><Name>n</Name></VirtualSystem>");
    REQUIRE(descriptor_refusal(text).second.empty());
    for (std::size_t length = 0; length + 1 < text.size(); ++length)
        CHECK(descriptor_refusal(text.substr(0, length)).first);
    constexpr unsigned seed = 15;
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    for (const std::string& whole : {text, in_utf16(text, false)}) {
        for (int i = 0; i < 5000; ++i) {
            std::string changed = whole;
            char& byte = changed[random() % changed.size()];
            byte = static_cast<char>(byte ^ (1 << random() % 8));
            CHECK_NOTHROW(descriptor_refusal(changed));
        }
    }
}

TEST_CASE("OVF: a name that could lead out of the package is rejected, percent-decoded or not",
          "[formats][ova][bad-input]") {
    for (const std::string_view good : {"a.vmdk", "sub/a.vmdk", "./a.vmdk", "a b%20c.vmdk", "100%.vmdk", "..a", "a..",
                                        "caf\xc3\xa9", "a%zz", "%", "1:2"})
        CHECK_FALSE(href_fault(good));
    const std::vector<std::pair<std::string, std::string>> bad{
        {"", "is empty"},
        {"/etc/passwd", "is absolute"},
        {"%2fetc/passwd", "is absolute"},
        {"../a", "leads outside with '..'"},
        {"a/../../b", "leads outside with '..'"},
        {"a/%2e%2E/b", "leads outside with '..'"},
        {"..%2fb", "leads outside with '..'"},
        {"..", "leads outside with '..'"},
        {"..\\a", "holds a backslash"},
        {"a%5cb", "holds a backslash"},
        {"a\nb", "holds control characters"},
        {"a%0ab", "holds control characters"},
        {"a%7fb", "holds control characters"},
        {"a\0b"s, "holds a NUL"},
        {"a%00b", "holds a NUL"},
        {"http://host/a.vmdk", "is an address with a scheme"},
        {"file:a", "is an address with a scheme"},
        {"FILE:///etc/passwd", "is an address with a scheme"},
        {"file%3a/etc", "is an address with a scheme"},
        {"C:a.vmdk", "is an address with a scheme"},
    };
    for (const auto& [href, fault] : bad) {
        CAPTURE(href);
        CHECK(href_fault(href) == fault);
    }
    CHECK(appliance::decoded_href("a%20b%2Fc%%4") == "a b/c%%4");
    CHECK(appliance::decoded_href("%25%32%30") == "%20");
    CHECK(appliance::decoded_href("%") == "%");
}

}  // namespace varve::reader_test
