// monolithicSparse images. Offsets and values are from the specification, not from the writer.

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/output/output_file.h"
#include "formats/vmdk/sparse_writer.h"
#include "tests/contract/image_writer_contract.h"
#include "tests/fakes/memory_output.h"
#include "tests/fuzz/vmdk_write_check.h"
#include "tests/support/build_paths.h"

namespace varve::sparse_writer_test {

using namespace writer_test;

namespace {

constexpr std::uint64_t sector = 512;

std::unique_ptr<ImageWriter> create(const std::string& path, ByteCount virtual_size, const OptionMap& options = {}) {
    return vmdk::create_sparse_writer(create_output_file(path, {}), virtual_size, vmdk::parse_creation_options(options),
                                      path.substr(path.rfind('/') + 1));
}

contract::WriterKind sparse_kind(const OptionMap& options = {}) {
    return {.format = "vmdk",
            .cluster = kib(64),
            .tells_zero = options.contains("zeroed_grain"),
            .create = [=](const std::string& path, ByteCount size) { return create(path, size, options); },
            .round_up_size = {},
            .size_unit = {sector}};
}

std::uint32_t u32(ByteView image, std::uint64_t at) { return load_le<std::uint32_t>(image.subspan(at, 4)); }
std::uint64_t u64(ByteView image, std::uint64_t at) { return load_le<std::uint64_t>(image.subspan(at, 8)); }

std::string descriptor_of(ByteView image) {
    const std::string_view text = text_of(image.subspan(sector, 20 * sector));
    return std::string(text.substr(0, text.find('\0')));
}

std::string info_of(const std::string& path) {
    const auto result = run_tool({"qemu-img", "info", "-f", "vmdk", path});
    REQUIRE(result.status == 0);
    return result.output;
}

Bytes written(ByteCount virtual_size, const OptionMap& options, const std::string& file_name = "disk.vmdk") {
    const auto medium = std::make_shared<MemoryMedium>();
    const auto writer = vmdk::create_sparse_writer(std::make_unique<MemoryOutput>(medium), virtual_size,
                                                   vmdk::parse_creation_options(options), file_name);
    writer->write({70000}, Bytes(5, std::byte{9}));
    writer->finish();
    return medium->bytes;
}

std::string refusal(ByteCount virtual_size, const std::string& file_name) {
    const auto medium = std::make_shared<MemoryMedium>();
    try {
        vmdk::create_sparse_writer(std::make_unique<MemoryOutput>(medium), virtual_size, {}, file_name);
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::unsupported);
        CHECK(medium->operations == 0);
        return error.what();
    }
    return {};
}

/// Discards everything.
class NoOutput final : public Output {
public:
    void resize(ByteCount) override {}
    void write(ByteOffset, ByteView bytes) override { bytes_ += {bytes.size()}; }
    void zero(ByteRange) override {}
    void commit() override {}
    ByteCount bytes_written() const override { return bytes_; }

private:
    ByteCount bytes_;
};

}  // namespace

TEST_CASE("vmdk writer: keeps the contract", "[vmdk-writer][contract]") { contract::check_image_writer(sparse_kind()); }

TEST_CASE("vmdk writer: keeps the contract with zeroed grains", "[vmdk-writer][contract]") {
    contract::check_image_writer(sparse_kind({{"zeroed_grain", "on"}}));
}

TEST_CASE("vmdk writer: random calls read back for any number of sectors", "[vmdk-writer]") {
    for (std::uint32_t seed = 1; seed <= 60; ++seed) {
        std::mt19937 random(seed);
        const ByteCount size{(1 + random() % 12000) * sector};
        const OptionMap options = seed % 2 == 0 ? OptionMap{} : OptionMap{{"zeroed_grain", "on"}};
        contract::check_reads_back(sparse_kind(options), size, seed, 1 + random() % 400000);
    }
}

TEST_CASE("vmdk writer: without zeroed grains only data is allocated", "[vmdk-writer]") {
    for (std::uint32_t seed = 1; seed <= 5; ++seed) {
        const ScratchFolder folder;
        const contract::WriterKind kind = sparse_kind();
        const contract::Pattern pattern = contract::random_pattern(mib(4), seed, 200000);
        contract::write_image(kind, folder.file("a"), pattern);
        auto expected = contract::expected_kinds(kind, pattern);
        std::ranges::replace(expected, ExtentKind::zero, ExtentKind::unallocated);
        REQUIRE(contract::mapped_kinds(kind, folder.file("a"), mib(4)) == expected);
    }
}

TEST_CASE("vmdk writer: the header is VMware's version 1, or version 2 with zeroed grains", "[vmdk-writer]") {
    const bool is_zeroed = GENERATE(false, true);
    const Bytes image = written(mib(100), is_zeroed ? OptionMap{{"zeroed_grain", "on"}} : OptionMap{});
    CHECK(text_of(ByteView(image).first(4)) == "KDMV");
    CHECK(u32(image, 4) == (is_zeroed ? 2 : 1));
    CHECK(u32(image, 8) == (is_zeroed ? 7 : 3));
    CHECK(u64(image, 12) == mib(100).value / sector);
    CHECK(u64(image, 20) == 128);
    CHECK(u64(image, 28) == 1);
    CHECK(u64(image, 36) == 20);
    CHECK(u32(image, 44) == 512);
    CHECK(u64(image, 48) == 21);  // directory (1 sector), 4 tables of 4 sectors, and the same again
    CHECK(u64(image, 56) == 38);
    CHECK(u64(image, 64) == 128);
    CHECK(u32(image, 72) == 0x0d200a00);  // unclean 0, newline, blank, CR
    CHECK(u32(image, 76) == 0x0000000a);  // newline, no compression
    CHECK(is_zero(ByteView(image).subspan(79, 433)));
    CHECK(image.size() == 2 * kib(64).value);
}

TEST_CASE("vmdk writer: both grain directories are complete and their tables agree", "[vmdk-writer]") {
    const Bytes image = written(mib(100), {});
    const std::uint64_t redundant = u64(image, 48) * sector;
    const std::uint64_t primary = u64(image, 56) * sector;
    for (std::uint64_t i = 0; i < 4; ++i) {
        const std::uint64_t table = u32(image, primary + 4 * i) * sector;
        const std::uint64_t copy = u32(image, redundant + 4 * i) * sector;
        REQUIRE(table == primary + sector + i * 2048);
        REQUIRE(copy == redundant + sector + i * 2048);
        REQUIRE(std::ranges::equal(ByteView(image).subspan(table, 2048), ByteView(image).subspan(copy, 2048)));
        REQUIRE(is_zero(ByteView(image).subspan(table, 2048)) == (i > 0));
    }
    CHECK(u32(image, primary + sector + 4) == 128);  // the second grain of the disk is the first of the file
    CHECK(u32(image, primary + 16) == 0);
}

TEST_CASE("vmdk writer: the redundant directory alone is enough to read the disk", "[vmdk-writer]") {
    const ScratchFolder folder;
    const contract::Pattern pattern = contract::random_pattern(mib(70), 3, 3000000);
    contract::write_image(sparse_kind(), folder.file("a"), pattern);
    Bytes image = read_file(folder.file("a"));
    std::ranges::copy(ByteView(image).subspan(48, 8), image.begin() + 56);
    write_file(folder.file("b"), image);
    REQUIRE(first_difference(contract::read_by_qemu(sparse_kind(), folder.file("b"), mib(70)), pattern.guest) ==
            std::nullopt);
}

TEST_CASE("vmdk writer: data in every table is written to the right place", "[vmdk-writer]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a");
    const ByteCount size = mib(210) + ByteCount{sector};
    Bytes guest(size.value);
    const auto writer = create(path, size, {{"zeroed_grain", "on"}});
    for (std::uint64_t at = mib(32).value - 100; at < size.value; at += mib(32).value) {
        std::ranges::fill(ByteSpan(guest).subspan(at, 200), std::byte{5});
        writer->write({at}, ByteView(guest).subspan(at, 200));
        writer->zero({{at + 200}, mib(10)});
    }
    guest.back() = std::byte{6};
    writer->write({size.value - 1}, ByteView(guest).last(1));
    writer->finish();
    contract::check_clean(sparse_kind(), path);
    REQUIRE(first_difference(contract::read_by_qemu(sparse_kind(), path, size), guest) == std::nullopt);
}

TEST_CASE("vmdk writer: the descriptor names kind, extent, adapter and geometry", "[vmdk-writer]") {
    const std::string text = descriptor_of(written(mib(100), {{"hwversion", "13"}}, "web 01-ä.vmdk"));
    CHECK(text.starts_with("# Disk DescriptorFile\nversion=1\nencoding=\"UTF-8\"\nCID="));
    for (const std::string line :
         {"parentCID=ffffffff", "createType=\"monolithicSparse\"", "RW 204800 SPARSE \"web 01-ä.vmdk\"",
          "ddb.adapterType = \"lsilogic\"", "ddb.geometry.cylinders = \"100\"", "ddb.geometry.heads = \"64\"",
          "ddb.geometry.sectors = \"32\"", "ddb.virtualHWVersion = \"13\""})
        CHECK_THAT(text, ContainsSubstring("\n" + line + "\n"));
    CHECK_THAT(text, !ContainsSubstring("ddb.uuid"));
}

TEST_CASE("vmdk writer: the geometry follows the adapter and the size", "[vmdk-writer]") {
    const auto geometry = [](ByteCount size, const std::string& adapter) {
        const std::string text = descriptor_of(written(size, {{"adapter_type", adapter}}));
        const auto field = [&](const std::string& name) {
            const std::size_t at = text.find("ddb.geometry." + name) + name.size() + 17;
            return text.substr(at, text.find('"', at) - at);
        };
        return field("cylinders") + "/" + field("heads") + "/" + field("sectors");
    };
    CHECK(geometry(mib(10), "ide") == "20/16/63");
    CHECK(geometry(mib(200 << 10), "ide") == "16383/16/63");
    CHECK(geometry(kib(128), "lsilogic") == "1/64/32");
    CHECK(geometry(mib(1500), "buslogic") == "750/128/32");
    CHECK(geometry(mib(2048), "lsilogic") == "261/255/63");
    CHECK(geometry(mib(5 << 10), "legacyESX") == "652/255/63");
    CHECK(geometry(mib(4 << 20), "lsilogic") == "65535/255/63");
}

TEST_CASE("vmdk writer: each content ID is new, and never one with a special meaning", "[vmdk-writer]") {
    std::vector<std::string> ids;
    for (int i = 0; i < 20; ++i) {
        const std::string text = descriptor_of(written(mib(1), {}));
        const std::string id = text.substr(text.find("\nCID=") + 5, 8);
        CHECK_THAT(text, ContainsSubstring(id + "\"\n"));  // the long ID ends with it
        CHECK(id < "fffffffe");
        ids.push_back(id);
    }
    std::ranges::sort(ids);
    CHECK(std::ranges::adjacent_find(ids) == ids.end());
}

TEST_CASE("vmdk writer: a fixed uuid gives the same bytes again", "[vmdk-writer]") {
    const OptionMap options{{"uuid", "6000c29b-5c3a-1f4e-8d7c-0123456789ab"}};
    const Bytes image = written(mib(100), options);
    CHECK(image == written(mib(100), options));
    CHECK(image != written(mib(100), {{"uuid", "6000c29b-5c3a-1f4e-8d7c-0123456789ac"}}));
    const std::string text = descriptor_of(image);
    CHECK_THAT(text, ContainsSubstring("ddb.uuid = \"60 00 c2 9b 5c 3a 1f 4e-8d 7c 01 23 45 67 89 ab\"\n"));
    CHECK_THAT(text, ContainsSubstring("ddb.uuid.image = \"6000c29b-5c3a-1f4e-8d7c-0123456789ab\"\n"));
}

TEST_CASE("vmdk writer: qemu-img reports the image's subformat", "[vmdk-writer]") {
    const ScratchFolder folder;
    create(folder.file("a.vmdk"), mib(3))->finish();
    const std::string info = info_of(folder.file("a.vmdk"));
    for (const std::string text :
         {"create type: monolithicSparse", "cluster_size: 65536", "virtual size: 3 MiB", "parent cid: 4294967295"})
        CHECK_THAT(info, ContainsSubstring(text));
}

TEST_CASE("vmdk writer: sizes and names that VMDK can't hold are refused before anything is written", "[vmdk-writer]") {
    CHECK_THAT(refusal({}, "a"), ContainsSubstring("0 bytes"));
    CHECK_THAT(refusal({1}, "a"), ContainsSubstring("a disk of 1 bytes") && ContainsSubstring("sectors of 512"));
    CHECK_THAT(refusal({mib(1).value + 513}, "a"), ContainsSubstring("1049089"));
    CHECK_THAT(refusal(mib(64 << 20) + ByteCount{512}, "a"), ContainsSubstring("too large"));
    for (const std::string& name : {std::string("a\"b"), std::string("a\nb"), std::string("a\x7f"), std::string("\xff"),
                                    std::string(), std::string(256, 'a')})
        CHECK_THAT(refusal(mib(1), name), ContainsSubstring("choose another name"));
    CHECK(refusal(mib(1), std::string(255, 'a')).empty());
}

TEST_CASE("vmdk writer: data past the range of sector numbers is an error", "[vmdk-writer]") {
    const auto writer = vmdk::create_sparse_writer(std::make_unique<NoOutput>(), mib(4 << 20), {}, "a");
    const Bytes data(mib(64).value, std::byte{1});
    std::uint64_t at = 0;
    try {
        for (; at < mib(3 << 20).value; at += data.size()) writer->write({at}, data);
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::unsupported);
        CHECK_THAT(error.what(), ContainsSubstring("2 TiB"));
    }
    CHECK(at > mib(2047 << 10).value);
    CHECK(at < mib(2 << 20).value);
}

TEST_CASE("vmdk writer: the largest disk is a small file if it is empty", "[vmdk-writer]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a");
    const auto writer = create(path, mib(64 << 20));
    writer->write({mib(64 << 20).value - 700}, Bytes(700, std::byte{8}));
    writer->finish();
    CHECK(allocated_bytes(path) < mib(18).value);
    const auto result = run_tool({"qemu-io", "-r", "-f", "vmdk", "-c", "read -P 8 70368744177152 512", path});
    CAPTURE(result.output);
    CHECK(result.status == 0);
    CHECK_THAT(result.output, !ContainsSubstring("failed"));
}

TEST_CASE("vmdk writer: an I/O error at any call is reported, and nothing is committed", "[vmdk-writer]") {
    for (std::size_t fail_at = 0;; ++fail_at) {
        const auto medium = std::make_shared<MemoryMedium>();
        medium->fail_at = fail_at;
        try {
            const auto writer = vmdk::create_sparse_writer(std::make_unique<MemoryOutput>(medium), mib(100), {}, "a");
            writer->write({mib(31).value}, Bytes(mib(2).value, std::byte{1}));
            writer->write({mib(80).value + 5}, Bytes(70000, std::byte{1}));
            writer->finish();
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::io);
            CHECK_FALSE(medium->committed);
            continue;
        }
        CHECK(medium->committed);
        CHECK(fail_at > 8);
        break;
    }
}

TEST_CASE("vmdk writer: any plan of calls gives the layout of the specification", "[vmdk-writer][plan]") {
    for (std::uint32_t seed = 1; seed <= 300; ++seed) {
        std::mt19937 random(seed);
        Bytes input(30 + random() % 200);
        for (std::byte& byte : input) byte = static_cast<std::byte>(random());
        CAPTURE(seed);
        REQUIRE_NOTHROW(fuzz::check_vmdk_plan(fuzz::choose_vmdk_plan(input)));
    }
}

TEST_CASE("vmdk writer: the seeds of its fuzz target pass as well", "[vmdk-writer][plan]") {
    std::size_t seeds = 0;
    for (const auto& entry : std::filesystem::directory_iterator(test::source_path("tests/fuzz/corpus/vmdk_writer"))) {
        CAPTURE(entry.path());
        REQUIRE_NOTHROW(fuzz::check_vmdk_plan(fuzz::choose_vmdk_plan(read_file(entry.path()))));
        ++seeds;
    }
    CHECK(seeds > 0);
}

}  // namespace varve::sparse_writer_test
