// Appliances: taken apart by tar, checked by sha256sum, their disks read by qemu-img.

#include "formats/appliance/ova_writer.h"

#include <algorithm>

#include "engine/base/error.h"
#include "formats/appliance/member_names.h"
#include "tests/fakes/memory_output.h"
#include "tests/formats/appliance/archive_support.h"
#include "tests/formats/vmdk/stream_layout.h"

namespace varve::ova_writer_test {

using namespace appliance_test;

namespace {

const OptionMap fixed{{"uuid", "6000c29b-5c3a-1f4e-8d7c-0123456789ab"}};

CreateOptions options_of(ByteCount size, const OptionMap& words = fixed) {
    CreateOptions options;
    options.format = "ova";
    options.virtual_size = size;
    options.options = words;
    return options;
}

void write_ova(const std::string& path, const contract::Pattern& pattern, const OptionMap& words = fixed) {
    const auto writer = create_image(path, options_of({pattern.guest.size()}, words));
    contract::play(*writer, pattern);
    writer->finish();
}

/// `sizes`: of the disks.
appliance::PackagePlan plan_of(const std::string& stem, const std::vector<ByteCount>& sizes,
                               const OptionMap& words = fixed) {
    std::vector<appliance::PlannedDisk> disks;
    for (const ByteCount size : sizes) disks.push_back({size, {}});
    return {stem, disks, appliance::parse_creation_options(words)};
}

/// The whole archive of disks with these contents.
Bytes archive_of(appliance::PackagePlan plan, const std::vector<contract::Pattern>& disks,
                 const std::shared_ptr<MemoryMedium>& medium) {
    appliance::OvaWriter appliance(std::make_unique<MemoryOutput>(medium), std::move(plan));
    for (const contract::Pattern& disk : disks) {
        const auto writer = appliance.begin_disk();
        contract::play(*writer, disk);
        writer->finish();
    }
    CHECK_FALSE(medium->committed);
    appliance.finish();
    CHECK(medium->committed);
    return medium->bytes;
}

void check_disk(const std::string& vmdk, const contract::Pattern& pattern) {
    const ScratchFolder folder;
    write_file(folder.file("raw"), pattern.guest);
    output_of({"qemu-img", "check", "-q", "-f", "vmdk", vmdk});
    output_of({"qemu-img", "compare", "-f", "vmdk", "-F", "raw", vmdk, folder.file("raw")});
    const Bytes image = read_file(vmdk);
    CHECK(writer_test::first_difference(writer_test::StreamLayout(image).guest(), pattern.guest) == std::nullopt);
}

}  // namespace

TEST_CASE("ova writer: an image is an archive that real tools extract", "[ova]") {
    const ScratchFolder folder;
    const contract::Pattern pattern = contract::random_pattern(mib(6), 21, 300000);
    write_ova(folder.file("web01.ova"), pattern);
    const Unpacked unpacked(folder.file("web01.ova"));
    CHECK(unpacked.members() == Texts{"web01.ovf", "web01.mf", "web01-disk1.vmdk"});
    unpacked.check_manifest("sha256sum");
    check_disk(unpacked.file("web01-disk1.vmdk"), pattern);
    const Ovf ovf(unpacked.text("web01.ovf"));
    CHECK(ovf.all("//File/@ovf:href") == Texts{"web01-disk1.vmdk"});
    CHECK(ovf.all("//File/@ovf:size") == Texts{std::to_string(read_file(unpacked.file("web01-disk1.vmdk")).size())});
    CHECK(ovf.all("//Disk/@ovf:capacity") == Texts{std::to_string(mib(6).value)});
    CHECK(ovf.all("//Name") == Texts{"web01"});
    CHECK(folder.names() == Texts{"web01.ova"});
}

TEST_CASE("ova writer: the manifest's lines have the form that ESXi accepts", "[ova]") {
    const contract::Pattern pattern = contract::random_pattern(mib(1), 22, 300000);
    for (const auto& [word, tool] : std::vector<std::pair<std::string, std::string>>{
             {"SHA1", "sha1sum"}, {"SHA256", "sha256sum"}, {"SHA512", "sha512sum"}}) {
        const ScratchFolder folder;
        write_ova(folder.file("a.ova"), pattern, {{"manifest", word}});
        const Unpacked unpacked(folder.file("a.ova"));
        unpacked.check_manifest(tool);
        for (const std::string& line : lines_of(unpacked.text("a.mf"))) CHECK(line.starts_with(word + "(a"));
        CHECK(unpacked.text("a.mf").find(")= ") != std::string::npos);
    }
    const ScratchFolder folder;
    write_ova(folder.file("a.ova"), pattern, {{"manifest", "none"}});
    CHECK(members_of(folder.file("a.ova")) == Texts{"a.ovf", "a-disk1.vmdk"});
}

TEST_CASE("ova writer: the same disk gives the same bytes with a uuid, and different ones without", "[ova]") {
    const ScratchFolder folder;
    const ScratchFolder other;
    const contract::Pattern pattern = contract::random_pattern(mib(3), 23, 300000);
    write_ova(folder.file("a.ova"), pattern);
    write_ova(other.file("a.ova"), pattern);
    CHECK(read_file(folder.file("a.ova")) == read_file(other.file("a.ova")));
    write_ova(folder.file("b.ova"), pattern, {});
    CHECK(output_of({"tar", "-tvf", folder.file("a.ova")}).find("1980-01-01") != std::string::npos);
    CHECK(output_of({"tar", "-tvf", folder.file("b.ova")}).find("1980-01-01") == std::string::npos);
    write_ova(folder.file("a2.ova"), pattern, {});
    const Unpacked one(folder.file("b.ova"));
    const Unpacked two(folder.file("a2.ova"));
    CHECK(one.text("b-disk1.vmdk") != two.text("a2-disk1.vmdk"));  // a content ID of its own
}

TEST_CASE("ova writer: several disks are in one archive, each with its own identity", "[ova]") {
    const ScratchFolder folder;
    const std::vector<contract::Pattern> disks{contract::random_pattern(mib(2), 31, 300000),
                                               contract::random_pattern(mib(1) + ByteCount{512}, 32, 300000),
                                               {Bytes(mib(40).value), {}}};
    const auto medium = std::make_shared<MemoryMedium>();
    write_file(folder.file("x.ova"),
               archive_of(plan_of("x", {mib(2), mib(1) + ByteCount{512}, mib(40)}), disks, medium));
    const Unpacked unpacked(folder.file("x.ova"));
    CHECK(unpacked.members() == Texts{"x.ovf", "x.mf", "x-disk1.vmdk", "x-disk2.vmdk", "x-disk3.vmdk"});
    unpacked.check_manifest("sha256sum");
    for (std::size_t i = 0; i < disks.size(); ++i)
        check_disk(unpacked.file("x-disk" + std::to_string(i + 1) + ".vmdk"), disks[i]);
    const auto uuid_of = [&](const std::string& name) {
        const std::string text = unpacked.text(name);
        const std::size_t at = text.find("ddb.uuid.image");
        REQUIRE(at != std::string::npos);
        return text.substr(at, 60);
    };
    CHECK(uuid_of("x-disk1.vmdk") != uuid_of("x-disk2.vmdk"));
    const Ovf ovf(unpacked.text("x.ovf"));
    CHECK(ovf.all("//File/@ovf:href") == Texts{"x-disk1.vmdk", "x-disk2.vmdk", "x-disk3.vmdk"});
    CHECK(ovf.all("//rasd:HostResource") == Texts{"ovf:/disk/vmdisk1", "ovf:/disk/vmdisk2", "ovf:/disk/vmdisk3"});
}

TEST_CASE("ova writer: every byte of the archive is written once", "[ova]") {
    /// Fails the test for a byte written twice or never.
    class CountingOutput final : public Output {
    public:
        explicit CountingOutput(std::vector<int>& counts) : counts_(counts) {}
        void resize(ByteCount) override {}
        void write(ByteOffset at, ByteView bytes) override {
            counts_.resize(std::max<std::size_t>(counts_.size(), at.value + bytes.size()));
            for (std::size_t i = 0; i < bytes.size(); ++i) ++counts_[at.value + i];
        }
        void zero(ByteRange range) override { write_zeros(*this, range); }
        void commit() override {}
        ByteCount bytes_written() const override { return {}; }

    private:
        std::vector<int>& counts_;
    };
    std::vector<int> counts;
    appliance::OvaWriter appliance(std::make_unique<CountingOutput>(counts), plan_of("x", {mib(1)}));
    const auto writer = appliance.begin_disk();
    contract::play(*writer, contract::random_pattern(mib(1), 33, 300000));
    writer->finish();
    appliance.finish();
    CHECK(std::ranges::all_of(counts, [](int count) { return count == 1; }));
    CHECK(counts.size() % 512 == 0);
}

TEST_CASE("ova writer: an I/O error at any call is reported, and no file appears", "[ova]") {
    for (std::size_t fail_at = 0;; ++fail_at) {
        const auto medium = std::make_shared<MemoryMedium>();
        medium->fail_at = fail_at;
        try {
            archive_of(plan_of("x", {mib(1), mib(2)}),
                       {contract::random_pattern(mib(1), 41, 300000), contract::random_pattern(mib(2), 42, 300000)},
                       medium);
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::io);
            CHECK_FALSE(medium->committed);
            continue;
        }
        CHECK(fail_at > 20);
        break;
    }
}

TEST_CASE("ova writer: an unfinished appliance leaves no file", "[ova]") {
    const ScratchFolder folder;
    {
        const auto writer = create_image(folder.file("a.ova"), options_of(mib(1)));
        writer->write({}, Bytes(70000, std::byte{1}));
    }
    CHECK(folder.names().empty());
}

TEST_CASE("ova writer: disks that a VMDK can't hold are refused before anything is written", "[ova]") {
    const ScratchFolder folder;
    for (const ByteCount size : {ByteCount{0}, ByteCount{1000}, mib(64 << 20) + ByteCount{512}}) {
        CHECK_THROWS_AS(create_image(folder.file("a.ova"), options_of(size)), Error);
        CHECK(folder.names().empty());
    }
    CHECK_THROWS_WITH(
        create_image(folder.file("a.ova"), options_of({1000})),
        "a disk of 1000 bytes does not consist of whole sectors of 512 bytes, which ova requires: choose raw or qcow2");
    CHECK_THROWS_WITH(plan_of("x", std::vector<ByteCount>(61, mib(1))), ContainsSubstring("has 60 at most"));
    CHECK_THROWS_WITH(plan_of("x", std::vector<ByteCount>(5, mib(1)), {{"adapter_type", "ide"}}),
                      ContainsSubstring("has 4 at most"));
}

TEST_CASE("ova writer: an appliance can't be written to a pipe", "[ova]") {
    try {
        create_image("-", options_of(mib(1)));
        FAIL("it was taken");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::usage);
        CHECK(std::string(error.what()).find("name a file") != std::string::npos);
    }
}

TEST_CASE("ova writer: an error about an unknown option lists the valid ones", "[ova]") {
    for (const OptionMap& words :
         {OptionMap{{"manifest", "MD5"}}, OptionMap{{"manifest", "sha256"}}, OptionMap{{"adapter_type", "legacyESX"}},
          OptionMap{{"uuid", "00000000-0000-0000-0000-000000000000"}}, OptionMap{{"uuid", "x"}},
          OptionMap{{"name", ""}}, OptionMap{{"name", "a\nb"}}, OptionMap{{"name", std::string(81, 'n')}},
          OptionMap{{"name", "\xff"}}, OptionMap{{"subformat", "streamOptimized"}}}) {
        try {
            appliance::parse_creation_options(words);
            FAIL("it was taken: " << words.begin()->first << "=" << words.begin()->second);
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::usage);
        }
    }
    CHECK(appliance::parse_creation_options({{"name", "Büro & <Küche> \"1\""}}).machine == "Büro & <Küche> \"1\"");
}

TEST_CASE("ova names: names are plain, and unique regardless of case", "[ova]") {
    appliance::MemberNames names;
    CHECK(names.take("web 01/\xc3\xa4", ".ovf") == "web_01___.ovf");
    CHECK(names.take("a", ".vmdk") == "a.vmdk");
    CHECK(names.take("A.vmdk") == "A-2.vmdk");
    CHECK(names.take("a.vmdk") == "a-3.vmdk");
    CHECK(names.take("../a.vmdk") == "_._a.vmdk");
    CHECK(names.take("") == "appliance");
    CHECK(names.take("-rf") == "_rf");
    CHECK(names.take(".hidden") == "_hidden");
    CHECK(names.take(std::string(300, 'n') + ".nvram") == std::string(64, 'n') + ".nvram");
    CHECK(appliance::stem_of("to/web01.ova") == "web01");
    CHECK(appliance::stem_of("web.01.OVA") == "web.01");
    CHECK(appliance::stem_of("to.d/.ova") == ".ova");
}

TEST_CASE("ova writer: names that are special in XML do no harm", "[ova]") {
    const ScratchFolder folder;
    const contract::Pattern pattern = contract::random_pattern(mib(1), 24, 300000);
    write_ova(folder.file("a <b> & \"c\".ova"), pattern);
    const Unpacked unpacked(folder.file("a <b> & \"c\".ova"));
    CHECK(unpacked.members() == Texts{"a__b_____c_.ovf", "a__b_____c_.mf", "a__b_____c_-disk1.vmdk"});
    unpacked.check_manifest("sha256sum");
    CHECK(Ovf(unpacked.text("a__b_____c_.ovf")).all("//Name") == Texts{"a <b> & \"c\""});
}

namespace {

constexpr const char* kept_text =
    "<Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\" xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/1\">\n"
    "  <References>\n    <File ovf:href=\"Disk%20A.vmdk.gz\" ovf:id=\"a\" ovf:compression=\"gzip\"/>\n"
    "    <File ovf:href=\"vm.nvram\" ovf:id=\"n\"/>\n    <File ovf:href=\"cd.iso\" ovf:id=\"c\"/>\n"
    "    <File ovf:href=\"disk_a.VMDK\" ovf:id=\"b\"/>\n  </References>\n"
    "  <DiskSection><Disk ovf:diskId=\"1\" ovf:fileRef=\"b\"/><Disk ovf:diskId=\"2\" "
    "ovf:fileRef=\"a\"/></DiskSection>\n"
    "  <VirtualSystem ovf:id=\"vm\"><Name>Kept &amp; good</Name></VirtualSystem>\n</Envelope>\n";

appliance::KeptFiles kept_files() {
    const auto bytes = [](std::string_view text) { return Bytes(bytes_of(text).begin(), bytes_of(text).end()); };
    appliance::KeptFiles kept;
    kept.descriptor = appliance::KeptFile{"vm.ovf", bytes(kept_text)};
    kept.others = {{"domain.xml", bytes("<domain/>")}, {"vm.nvram", bytes("nvram's bytes")}};
    return kept;
}

}  // namespace

TEST_CASE("ova writer: the kept descriptor and its files are packed in the order of its References", "[ova]") {
    const ScratchFolder folder;
    const std::vector<contract::Pattern> disks{contract::random_pattern(mib(2), 51, 300000),
                                               contract::random_pattern(mib(1), 52, 300000)};
    appliance::PackagePlan plan("web01", {{mib(2), "/p/vm.ova/disk_a.VMDK"}, {mib(1), "/p/vm.ova/Disk A.vmdk.gz"}},
                                appliance::parse_creation_options(fixed), kept_files());
    CHECK(plan.keeps_descriptor());
    CHECK(plan.warnings() ==
          Texts{"the kept file 'domain.xml' is not packed: the appliance's descriptor does not reference it"});
    CHECK(plan.disk_order() == std::vector<std::size_t>{1, 0});
    const auto medium = std::make_shared<MemoryMedium>();
    write_file(folder.file("web01.ova"), archive_of(std::move(plan), {disks[1], disks[0]}, medium));
    const Unpacked unpacked(folder.file("web01.ova"));
    CHECK(unpacked.members() == Texts{"web01.ovf", "web01.mf", "Disk_A.vmdk", "vm.nvram", "disk_a-2.vmdk"});
    unpacked.check_manifest("sha256sum");
    check_disk(unpacked.file("Disk_A.vmdk"), disks[1]);
    check_disk(unpacked.file("disk_a-2.vmdk"), disks[0]);
    CHECK(unpacked.text("vm.nvram") == "nvram's bytes");
    const Ovf ovf(unpacked.text("web01.ovf"));
    CHECK(ovf.all("//File/@ovf:href") == Texts{"Disk_A.vmdk", "vm.nvram", "disk_a-2.vmdk"});
    const auto size_of = [&](const std::string& name) { return std::to_string(read_file(unpacked.file(name)).size()); };
    CHECK(ovf.all("//File/@ovf:size") == Texts{size_of("Disk_A.vmdk"), "13", size_of("disk_a-2.vmdk")});
    CHECK(ovf.all("//Disk/@ovf:capacity") == Texts{"2097152", "1048576"});
    CHECK(ovf.all("//Name") == Texts{"Kept & good"});
}

TEST_CASE("ova writer: a kept descriptor that does not fit is replaced, with the reason", "[ova]") {
    const appliance::PackagePlan plan("web01", {{mib(2), "/p/vm.ova/disk_a.VMDK"}},
                                      appliance::parse_creation_options(fixed), kept_files());
    CHECK_FALSE(plan.keeps_descriptor());
    REQUIRE(plan.warnings().size() == 3);
    CHECK(plan.warnings()[0] ==
          "the appliance gets a plain descriptor, because the kept 'vm.ovf' does not fit: its disk '2' is not among "
          "those "
          "to be packed");
    CHECK(plan.members().size() == 1);
    CHECK(plan.members()[0].name == "web01-disk1.vmdk");
}

}  // namespace varve::ova_writer_test
