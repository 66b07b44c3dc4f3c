#include "formats/raw/writer.h"

#include <ctime>

#include "formats/output/output_file.h"
#include "tests/contract/image_writer_contract.h"
#include "tests/fakes/memory_output.h"

using namespace varve;
using namespace varve::writer_test;

namespace {

std::unique_ptr<ImageWriter> create(const std::string& path, ByteCount virtual_size) {
    return raw::create_writer(create_output_file(path, {}), virtual_size);
}

contract::WriterKind raw_kind() {
    return {.format = "raw",
            .cluster = kib(4),
            .tells_zero = false,
            .create = create,
            .round_up_size = {},
            .is_flat = true};
}

}  // namespace

TEST_CASE("raw writer: keeps the contract", "[formats][raw][contract]") { contract::check_image_writer(raw_kind()); }

TEST_CASE("raw writer: the file has exactly the virtual size", "[formats][raw]") {
    const ScratchFolder folder;
    for (const std::uint64_t size : {0u, 1u, 511u, 65537u}) {
        const std::string path = folder.file(std::to_string(size));
        create(path, {size})->finish();
        REQUIRE(std::filesystem::file_size(path) == size);
    }
}

TEST_CASE("raw writer: zero blocks of 4 KiB inside data are holes", "[formats][raw]") {
    const ScratchFolder folder;
    Bytes bytes(64 * 4096);
    for (std::size_t block = 0; block < 64; block += 2) bytes[block * 4096 + 100] = std::byte{1};
    const auto writer = create(folder.file("a"), {bytes.size()});
    writer->write({}, bytes);
    writer->finish();
    REQUIRE(writer->bytes_written() == ByteCount{32 * 4096});
    REQUIRE(allocated_bytes(folder.file("a")) <= 40 * 4096);  // the file system may count blocks of its own
    REQUIRE(first_difference(read_file(folder.file("a")), bytes) == std::nullopt);
}

// 15 TiB, because ext4 limits files to 16 TiB.
TEST_CASE("raw writer: a mostly empty disk of 15 TiB takes less than a second", "[formats][raw]") {
    const ScratchFolder folder;
    const std::clock_t start = std::clock();
    const ByteCount size{std::uint64_t{15} << 40};
    const auto writer = create(folder.file("a"), size);
    writer->write({std::uint64_t{7} << 40}, Bytes(65536, std::byte{1}));
    writer->zero({{std::uint64_t{8} << 40}, {std::uint64_t{1} << 40}});
    writer->write({size.value - 1}, Bytes(1, std::byte{2}));
    writer->finish();
    REQUIRE(std::clock() - start < CLOCKS_PER_SEC);
    REQUIRE(std::filesystem::file_size(folder.file("a")) == size.value);
    REQUIRE(allocated_bytes(folder.file("a")) <= mib(1).value);
}

TEST_CASE("raw writer: a disk that the file system can't hold fails before any byte", "[formats][raw]") {
    const ScratchFolder folder;
    try {
        create(folder.file("big"), {(std::uint64_t{1} << 63) - 1});
        SUCCEED("this file system holds it");
    } catch (const Error& error) {
        REQUIRE(error.code() == ErrorCode::io);
        REQUIRE_THAT(error.what(), ContainsSubstring("big"));
    }
    REQUIRE(folder.names().empty());
}

TEST_CASE("raw writer: an output that fails at any write is an error, and nothing is committed",
          "[formats][raw][fault]") {
    const contract::Pattern pattern = contract::random_pattern(mib(1), 7, 60000);
    for (std::size_t n = 0;; ++n) {
        const auto medium = std::make_shared<MemoryMedium>();
        medium->fail_at = n;
        try {
            const auto writer = raw::create_writer(std::make_unique<MemoryOutput>(medium), mib(1));
            contract::play(*writer, pattern);
            writer->finish();
            REQUIRE(n > 10);
            REQUIRE((medium->committed && medium->bytes == pattern.guest));
            break;
        } catch (const Error& error) {
            REQUIRE(error.code() == ErrorCode::io);
            REQUIRE_FALSE(medium->committed);
        }
    }
}
