// Partition tables written by fdisk and sfdisk, and damaged ones.

#include "formats/partition/table.h"

#include <fcntl.h>
#include <fstream>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/file.h"
#include "formats/guard/file_source.h"
#include "formats/lvm/physical_volume.h"
#include "formats/raw/reader.h"
#include "tests/catch.h"
#include "tests/formats/lvm/fixture.h"
#include "tests/formats/lvm/host_disks.h"
#include "tests/support/writer_support.h"

namespace varve::lvm_test {
namespace {

using partition::Partition;
using writer_test::run_tool;
using writer_test::ScratchFolder;

std::shared_ptr<const ImageReader> open_raw(const std::string& path) {
    return std::make_shared<raw::Reader>(open_file_source(path));
}

/// A disk file partitioned by `tool` (a shell command to which the path is added), with `script` as its input.
std::string partitioned(const ScratchFolder& folder, const std::string& tool, const std::string& script,
                        std::uint64_t size = 64 << 20) {
    const std::string path = folder.file("disk.raw");
    std::ofstream(path).close();
    std::filesystem::resize_file(path, size);
    std::ofstream(folder.file("script")) << script;
    const auto result = run_tool({"sh", "-c", tool + " \"$1\" < \"$2\"", "sh", path, folder.file("script")});
    INFO(result.output);
    REQUIRE(result.status == 0);
    return path;
}

/// The partitions that sfdisk lists.
std::vector<Partition> sfdisk_partitions(const std::string& path) {
    const auto result = run_tool({"sfdisk", "--json", path});
    REQUIRE(result.status == 0);
    std::vector<Partition> partitions;
    const auto table = nlohmann::json::parse(result.output.substr(result.output.find('{'))).at("partitiontable");
    for (const auto& entry : table.at("partitions")) {
        const std::string type = entry.at("type");
        if (type == "5" || type == "f" || type == "85") continue;
        const std::string node = entry.at("node");
        const auto number = static_cast<std::uint32_t>(std::stoul(node.substr(path.size())));
        partitions.push_back({number,
                              {ByteOffset{entry.at("start").get<std::uint64_t>() * 512},
                               ByteCount{entry.at("size").get<std::uint64_t>() * 512}}});
    }
    return partitions;
}

std::shared_ptr<ChangedDisk> changed(const std::string& path) { return std::make_shared<ChangedDisk>(open_raw(path)); }

std::vector<Partition> read_table(const ImageReader& disk) {
    std::vector<std::string> warnings;
    return partition::read_table(disk, warnings);
}

/// What reading the table warns of, as one text.
std::string warnings_about(const ImageReader& disk) {
    std::vector<std::string> warnings;
    partition::read_table(disk, warnings);
    return fmt::format("{}", fmt::join(warnings, "; "));
}

constexpr const char* gpt_script = "label: gpt\nsize=1M\nstart=8192, size=3M, type=L\n5: start=30000, size=12345\n";
constexpr const char* mbr_script =
    "label: dos\nstart=2048, size=4096, type=83\nstart=8192, size=8192, type=8e\n"
    "start=20480, size=60000, type=5\n5: size=1000\n6: size=2000\n7: size=3000\n8: size=4000\n";

}  // namespace

TEST_CASE("partitions: a GPT by sfdisk is read as sfdisk reads it", "[lvm][partitions]") {
    ScratchFolder folder;
    const std::string path = partitioned(folder, "sfdisk -q", gpt_script);
    const auto found = read_table(*open_raw(path));
    CHECK(found == sfdisk_partitions(path));
    REQUIRE(found.size() == 3);
    CHECK(found[2] == Partition{5, {ByteOffset{30000 * 512}, ByteCount{12345 * 512}}});
}

TEST_CASE("partitions: an MBR by sfdisk with logical partitions is read as sfdisk reads it", "[lvm][partitions]") {
    ScratchFolder folder;
    const std::string path = partitioned(folder, "sfdisk -q", mbr_script);
    const auto found = read_table(*open_raw(path));
    CHECK(found == sfdisk_partitions(path));
    REQUIRE(found.size() == 6);
    CHECK(found[5].number == 8);
    CHECK(found[5].range.length == ByteCount{4000 * 512});
}

TEST_CASE("partitions: a GPT of 4096-byte sectors is read", "[lvm][partitions]") {
    ScratchFolder folder;
    const std::string path = partitioned(folder, "fdisk -b 4096", "g\nn\n1\n256\n511\nn\n3\n1024\n8191\nw\n");
    CHECK(read_table(*open_raw(path)) ==
          std::vector<Partition>{{1, {ByteOffset{256 * 4096}, ByteCount{256 * 4096}}},
                                 {3, {ByteOffset{1024 * 4096}, ByteCount{7168 * 4096}}}});
}

TEST_CASE("partitions: an MBR of 4096-byte sectors is found, and a physical volume in it", "[lvm][partitions]") {
    ScratchFolder folder;
    const std::string path =
        partitioned(folder, "fdisk -b 4096", "o\nn\np\n1\n256\n1023\nn\ne\n2\n1024\n15000\nn\nl\n3072\n5000\nw\n");
    const std::vector<Partition> expected{{1, {ByteOffset{256 * 4096}, ByteCount{768 * 4096}}},
                                          {5, {ByteOffset{3072 * 4096}, ByteCount{1929 * 4096}}}};
    CHECK(partition::read_mbr_of_4096(*open_raw(path)) == expected);

    MadeVolume volume;
    volume.uuid = made_uuid("inMbrOf4096");
    const Bytes bytes = bytes_of_volume(volume);
    const File file = File::open(path, O_RDWR);
    file.write_all(expected[1].range.begin, ByteView(bytes).first(std::min<std::size_t>(bytes.size(), 1 << 20)));
    const auto found = lvm::find_physical_volumes(open_raw(path), path);
    REQUIRE(found.size() == 1);
    CHECK(found[0].uuid == volume.uuid);
    CHECK(found[0].partition == 5);
    CHECK(partition::read_mbr_of_4096(*fixture_disk("linear", 0)).empty());
}

TEST_CASE("partitions: the fixture's table is read, and disks without a table have no partitions",
          "[lvm][partitions]") {
    CHECK(read_table(*fixture_disk("linear", 5)) ==
          std::vector<Partition>{{1, {ByteOffset{1048576}, mib(8)}}, {2, {ByteOffset{9437184}, mib(54)}}});
    CHECK(read_table(*fixture_disk("linear", 0)).empty());
    CHECK(read_table(ChangedDisk(std::uint64_t{0})).empty());
    CHECK(read_table(ChangedDisk(std::uint64_t{511})).empty());
}

TEST_CASE("partitions: the second GPT header is used when the first is damaged", "[lvm][partitions]") {
    ScratchFolder folder;
    const std::string path = partitioned(folder, "sfdisk -q", gpt_script);
    const auto expected = sfdisk_partitions(path);
    for (const std::uint64_t byte : {512u, 512u + 17u, 512u + 80u, 1024u + 130u}) {  // of header and entries
        auto disk = changed(path);
        disk->flip(byte * 8);
        CHECK(read_table(*disk) == expected);
        CHECK_THAT(warnings_about(*disk), ContainsSubstring("the partition table is damaged, its second copy in sector "
                                                            "131071 was used: GPT header in sector 1"));
        disk->flip(((std::uint64_t{64} << 20) - 512 + 90) * 8);
        CHECK_THAT(refusal([&] { read_table(*disk); }), ContainsSubstring("GPT header in sector 1 of 512 bytes"));
    }
}

TEST_CASE("partitions: the two copies of a GPT are compared, and a damaged or different second one is reported",
          "[lvm][partitions]") {
    constexpr std::uint64_t size = 64 << 20;
    ScratchFolder folder;
    const std::string path = partitioned(folder, "sfdisk -q", gpt_script);
    const auto expected = sfdisk_partitions(path);
    CHECK(warnings_about(*open_raw(path)).empty());
    for (const std::uint64_t byte : {size - 512 + 3, size - 512 - 16384 + 40}) {  // of header and entries
        auto disk = changed(path);
        disk->flip(byte * 8);
        CHECK(read_table(*disk) == expected);
        CHECK_THAT(warnings_about(*disk), ContainsSubstring("the second copy of the partition table is damaged, the "
                                                            "first was used: GPT header in sector 131071"));
    }
    ScratchFolder other_folder;
    const std::string other = partitioned(other_folder, "sfdisk -q", "label: gpt\nsize=2M\n");
    Bytes second(16384 + 512);
    open_raw(other)->read(ByteOffset{size - second.size()}, second);
    auto disk = changed(path);
    disk->set(size - second.size(), second);
    CHECK(read_table(*disk) == expected);
    CHECK_THAT(warnings_about(*disk), ContainsSubstring("in sectors 1 and 131071, list different partitions"));
}

TEST_CASE("partitions: the second GPT of a disk that has grown since is found", "[lvm][partitions]") {
    ScratchFolder folder;
    const std::string path = partitioned(folder, "sfdisk -q", gpt_script);
    const auto expected = sfdisk_partitions(path);
    std::filesystem::resize_file(path, 80 << 20);
    CHECK(warnings_about(*open_raw(path)).empty());
    auto disk = changed(path);
    disk->flip(512 * 8);
    CHECK(read_table(*disk) == expected);
    CHECK_THAT(warnings_about(*disk), ContainsSubstring("its second copy in sector 131071 was used"));
}

TEST_CASE("partitions: partitions that are not inside the disk are left out", "[lvm][partitions]") {
    ScratchFolder folder;
    const std::string gpt = partitioned(folder, "sfdisk -q", gpt_script);
    auto disk = changed(gpt);
    disk->cut(30000 * 512 + 12345 * 512);
    CHECK(read_table(*disk).size() == 3);
    disk->cut(30000 * 512 + 12345 * 512 - 1);
    CHECK(read_table(*disk).size() == 2);
    disk->cut(1024);
    CHECK_THAT(refusal([&] { read_table(*disk); }), ContainsSubstring("no room for a GPT"));
    const std::string mbr = partitioned(folder, "sfdisk -q", mbr_script);
    disk = changed(mbr);
    disk->cut((8192 + 8192) * 512);
    CHECK(read_table(*disk).size() == 2);
    disk->cut((8192 + 8191) * 512);
    CHECK(read_table(*disk).size() == 1);
}

TEST_CASE("partitions: reading a circular chain of logical partitions ends", "[lvm][partitions]") {
    ScratchFolder folder;
    auto disk = changed(partitioned(folder, "sfdisk -q", mbr_script));
    std::array<std::byte, 4> link;
    disk->read(ByteOffset{20480 * 512 + 446 + 16 + 8}, link);
    const std::uint64_t second = (20480 + std::uint64_t{load_le<std::uint32_t>(link)}) * 512;
    disk->set(second + 446 + 16 + 8, link);  // the second link leads to itself
    CHECK(read_table(*disk).size() == 2 + 255);
}

TEST_CASE("partitions: flipped bits give partitions inside the disk, or a refusal", "[lvm][partitions]") {
    constexpr std::uint64_t seed = 20261122;
    WARN("seed " << seed);
    std::mt19937_64 random(seed);
    ScratchFolder folder;
    for (const char* script : {gpt_script, mbr_script}) {
        const auto whole = open_raw(partitioned(folder, "sfdisk -q", script));
        for (int round = 0; round < 1000; ++round) {
            auto disk = std::make_shared<ChangedDisk>(whole);
            disk->cut(random() % (64 << 20));
            for (int i = 0; i < 3; ++i) {
                const std::uint64_t byte = (i == 0 ? 446 : i == 1 ? 512 : 20480 * 512 + 446) + random() % 64;
                if (byte < disk->info().virtual_size.value) disk->flip(byte * 8 + random() % 8);
            }
            refusal([&] {
                for (const Partition& part : read_table(*disk)) {
                    const std::uint64_t end = disk->info().virtual_size.value;
                    CHECK(part.range.begin.value < end);
                    CHECK(part.range.length.value <= end - part.range.begin.value);
                    CHECK_FALSE(part.range.empty());
                }
            });
        }
    }
}

}  // namespace varve::lvm_test
