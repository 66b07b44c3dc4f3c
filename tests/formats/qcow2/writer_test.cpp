#include "formats/qcow2/writer.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <ctime>

#include "engine/base/file.h"
#include "formats/output/output_file.h"
#include "formats/qcow2/refcount_writer.h"
#include "tests/contract/image_writer_contract.h"
#include "tests/fakes/memory_output.h"

using namespace varve;
using namespace varve::writer_test;

namespace {

constexpr std::uint64_t size_field = 24;  // of the header

void round_up_size(const std::string& path, ByteCount virtual_size) {
    Bytes field(8);
    store_be<std::uint64_t>(field, divide_up(virtual_size.value, 512) * 512);
    File::open(path, O_WRONLY).write_all({size_field}, field);
}

std::unique_ptr<ImageWriter> create(const std::string& path, ByteCount virtual_size,
                                    const qcow2::CreationOptions& options = {}) {
    return qcow2::create_writer(create_output_file(path, {}), virtual_size, options);
}

contract::WriterKind qcow2_kind(const qcow2::CreationOptions& options = {}) {
    return {.format = "qcow2",
            .cluster = options.unit(),
            .tells_zero = options.has_zero_flag(),
            .create = [=](const std::string& path, ByteCount size) { return create(path, size, options); },
            .round_up_size = round_up_size};
}

/// One kind for each path that clusters take through the writer.
std::vector<OptionMap> many_kinds() {
    return {{},
            {{"compat", "0.10"}},
            {{"extended_l2", "on"}},
            {{"compress", "on"}},
            {{"compress", "on"}, {"compression_type", "zstd"}, {"cluster_size", "4K"}, {"refcount_bits", "1"}},
            {{"compress", "on"}, {"extended_l2", "on"}, {"cluster_size", "16K"}, {"refcount_bits", "2"}}};
}

void check_with_qemu_io(const std::string& path, const std::string& command) {
    const auto result = run_tool({"qemu-io", "-r", "-f", "qcow2", "-c", command, path});
    CAPTURE(result.output);
    REQUIRE(result.status == 0);
    REQUIRE(result.output.find("failed") == std::string::npos);
}

long resident_kib_max() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

}  // namespace

TEST_CASE("qcow2 writer: keeps the contract", "[formats][qcow2][contract]") {
    contract::check_image_writer(qcow2_kind());
}

TEST_CASE("qcow2 writer: every kind of image keeps the contract", "[formats][qcow2][contract]") {
    for (const OptionMap& options : many_kinds())
        DYNAMIC_SECTION("kind " << (options.empty() ? "plain" : options.begin()->first) << options.size()) {
            const contract::WriterKind kind = qcow2_kind(qcow2::parse_options(options));
            for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, mib(3).value + 513})
                contract::check_reads_back(kind, {size}, 20261122, 40000);
            if (!options.contains("compress")) contract::check_is_thin(kind);
            contract::check_leaves_out_zeros_inside_data(kind);
        }
}

// Small clusters need many L2 tables, refcount blocks and refcount table clusters with little data.
TEST_CASE("qcow2 writer: every cluster size makes a clean image", "[formats][qcow2]") {
    for (const unsigned cluster_bits : {9u, 12u, 21u})
        for (const std::uint64_t size : {std::uint64_t{1}, mib(1).value, mib(24).value + 513})
            contract::check_reads_back(qcow2_kind({.cluster_bits = cluster_bits}), {size}, cluster_bits, 200000);
}

TEST_CASE("qcow2 writer: the header has version 3, 112 bytes and the exact size", "[formats][qcow2]") {
    const ScratchFolder folder;
    create(folder.file("a"), {65537})->finish();
    const Bytes header = read_file(folder.file("a"));
    REQUIRE(load_be<std::uint32_t>(header) == 0x514649fb);
    REQUIRE(load_be<std::uint32_t>(ByteView(header).subspan(4)) == 3);
    REQUIRE(load_be<std::uint64_t>(ByteView(header).subspan(size_field)) == 65537);
    REQUIRE(load_be<std::uint32_t>(ByteView(header).subspan(96)) == 4);
    REQUIRE(load_be<std::uint32_t>(ByteView(header).subspan(100)) == 112);
    REQUIRE(header.size() % 65536 == 0);
}

TEST_CASE("qcow2 writer: written zeros, announced zeros and ranges never mentioned stay distinct", "[formats][qcow2]") {
    const ScratchFolder folder;
    const auto writer = create(folder.file("a"), kib(5 * 64));
    writer->write({0}, Bytes(65536, std::byte{1}));
    writer->write({65536}, Bytes(65536));
    writer->zero({{3 * 65536}, {65536}});
    writer->write({4 * 65536 + 100}, Bytes(5, std::byte{9}));
    writer->finish();
    using enum ExtentKind;
    REQUIRE(contract::mapped_kinds(qcow2_kind(), folder.file("a"), kib(5 * 64)) ==
            std::vector<ExtentKind>{data, zero, unallocated, zero, data});
}

TEST_CASE("qcow2 writer: one write is one call for consecutive data clusters", "[formats][qcow2]") {
    const auto medium = std::make_shared<MemoryMedium>();
    const auto writer = qcow2::create_writer(std::make_unique<MemoryOutput>(medium), mib(64), {});
    writer->write({65536}, Bytes(mib(8).value, std::byte{1}));
    REQUIRE(medium->write_calls == 1);
}

TEST_CASE("qcow2 writer: data across the reach of an L2 table lands on both sides", "[formats][qcow2]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a");
    const auto writer = create(path, mib(1537));
    writer->write({mib(512).value - 200000}, Bytes(400000, std::byte{0x31}));
    writer->zero({{mib(1023).value}, mib(2)});
    writer->write({mib(1536).value}, Bytes(mib(1).value, std::byte{0x32}));
    writer->finish();
    contract::check_clean(qcow2_kind(), path);
    check_with_qemu_io(path, "read -P 0x31 " + std::to_string(mib(512).value - 200000) + " 400000");
    check_with_qemu_io(path, "read -P 0 " + std::to_string(mib(512).value + 200000) + " 1000000");
    check_with_qemu_io(path, "read -P 0x32 1536M 1M");
}

TEST_CASE("qcow2 writer: a mostly empty disk of 16 TiB takes neither time nor memory", "[formats][qcow2]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a");
    const long resident_before = resident_kib_max();
    const std::clock_t start = std::clock();
    const auto writer = create(path, {std::uint64_t{16} << 40});
    for (std::uint64_t i = 0; i < 100; ++i) writer->write({(i * 160) << 30}, Bytes(65536, std::byte{0x41}));
    writer->finish();
    REQUIRE(std::clock() - start < CLOCKS_PER_SEC);
    REQUIRE(resident_kib_max() - resident_before < 16 * 1024);
    REQUIRE(std::filesystem::file_size(path) <= 200 * 65536 + mib(1).value);
    contract::check_clean(qcow2_kind(), path);
    check_with_qemu_io(path, "read -P 0x41 15840G 64k");
}

TEST_CASE("qcow2 writer: a disk beyond qemu's largest L1 table is refused", "[formats][qcow2]") {
    const ScratchFolder folder;
    const ByteCount largest = qcow2::virtual_size_max({});
    REQUIRE(qcow2::virtual_size_max({.extended_l2 = true}) == ByteCount{std::uint64_t{1} << 50});
    REQUIRE(largest == ByteCount{std::uint64_t{1} << 51});
    REQUIRE_THROWS_AS(create(folder.file("a"), largest + ByteCount{1}), Error);
    REQUIRE(folder.names().empty());
    create(folder.file("a"), largest)->finish();
    REQUIRE(run_tool({"qemu-img", "info", folder.file("a")}).status == 0);
}

TEST_CASE("qcow2 writer: the refcounts cover all clusters and themselves, in the fewest blocks", "[formats][qcow2]") {
    for (const unsigned bits : {1u, 16u, 64u})
        for (const std::uint64_t cluster_size : {512ULL, 65536ULL, 2ULL << 20}) {
            const std::uint64_t per_block = cluster_size * 8 / bits;
            for (std::uint64_t used = 1; used < (std::uint64_t{1} << 34); used += used / 97 + 1) {
                const std::uint64_t placed = used / 3 / per_block;
                const auto shape = qcow2::refcount_shape_for(used, placed, {cluster_size}, bits);
                const std::uint64_t clusters = used + shape.blocks + shape.table_clusters;
                const std::uint64_t blocks = placed + shape.blocks;
                if (clusters > blocks * per_block || (blocks - 1) * per_block >= clusters ||
                    blocks * 8 > shape.table_clusters * cluster_size)
                    FAIL("used " << used << " of " << cluster_size << " at " << bits << " bits: " << shape.blocks
                                 << " blocks, " << shape.table_clusters);
            }
        }
}

TEST_CASE("qcow2 writer: compressed clusters fill many refcount blocks and read back", "[formats][qcow2]") {
    for (const std::string bits : {"1", "8", "64"}) {
        const qcow2::CreationOptions options = qcow2::parse_options(
            {{"compress", "on"}, {"cluster_size", "512"}, {"refcount_bits", bits}, {"compression_type", "zstd"}});
        contract::check_reads_back(qcow2_kind(options), mib(6), 7, 100000);
    }
}

TEST_CASE("qcow2 writer: the same calls make the same file, whatever the timing of the threads", "[formats][qcow2]") {
    const contract::Pattern pattern = contract::random_pattern(mib(4), 5, 70000);
    std::vector<Bytes> files;
    for (int i = 0; i < 3; ++i) {
        const auto medium = std::make_shared<MemoryMedium>();
        const auto writer = qcow2::create_writer(std::make_unique<MemoryOutput>(medium), mib(4),
                                                 {.cluster_bits = 12, .compress = true});
        contract::play(*writer, pattern);
        writer->finish();
        files.push_back(medium->bytes);
    }
    REQUIRE(first_difference(files[0], files[1]) == std::nullopt);
    REQUIRE(first_difference(files[0], files[2]) == std::nullopt);
}

TEST_CASE("qcow2 writer: an output that fails anywhere is an error, and commits nothing", "[formats][qcow2][fault]") {
    const contract::Pattern pattern = contract::random_pattern(mib(1), 11, 60000);
    std::vector<OptionMap> kinds = many_kinds();
    kinds.push_back({{"preallocation", "full"}});
    for (OptionMap& kind : kinds) kind.emplace("cluster_size", "16K");
    for (const OptionMap& kind : kinds) {
        const qcow2::CreationOptions options = qcow2::parse_options(kind);
        for (std::size_t n = 0;; ++n) {
            const auto medium = std::make_shared<MemoryMedium>();
            medium->fail_at = n;
            try {
                auto output = preallocated(std::make_unique<MemoryOutput>(medium), options.preallocation, mib(1));
                const auto writer = qcow2::create_writer(std::move(output), mib(1), options);
                contract::play(*writer, pattern);
                writer->finish();
                REQUIRE((medium->committed && n > 6));
                break;
            } catch (const Error& error) {
                REQUIRE(error.code() == ErrorCode::io);
                REQUIRE_FALSE(medium->committed);
            }
        }
    }
}
