// The Parallels writer: qemu-img finds the image clean and reads what was written, and so does varve's own reader.

#include "formats/parallels/writer.h"

#include <sys/resource.h>

#include "engine/base/error.h"
#include "formats/create_image.h"
#include "formats/creation_options.h"
#include "formats/open_image.h"
#include "tests/catch.h"
#include "tests/contract/image_writer_contract.h"
#include "tests/fakes/memory_output.h"
#include "tests/support/long_test.h"
#include "tests/support/reader_support.h"

using namespace varve;
using namespace varve::writer_test;

namespace {

std::unique_ptr<ImageWriter> create(const std::string& path, ByteCount virtual_size, const OptionMap& options = {}) {
    return create_image(path, {.format = "parallels", .virtual_size = virtual_size, .options = options});
}

contract::WriterKind parallels_kind(ByteCount cluster = mib(1)) {
    const OptionMap options{{"cluster_size", std::to_string(cluster.value)}};
    return {.format = "parallels",
            .cluster = cluster,
            .tells_zero = false,
            .create = [=](const std::string& path, ByteCount size) { return create(path, size, options); },
            .round_up_size = {},
            .size_unit = {512}};
}

/// Little-endian, of the file.
std::uint64_t field(const std::string& path, std::uint64_t at, std::size_t length) {
    const Bytes file = read_file(path);
    std::uint64_t value = 0;
    for (std::size_t i = length; i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(file.at(at + i));
    return value;
}

}  // namespace

TEST_CASE("parallels writer: keeps the contract", "[parallels][contract]") {
    contract::check_image_writer(parallels_kind());
}

TEST_CASE("parallels writer: random disks read back", "[parallels]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a.hds");
    for (const ByteCount cluster : {mib(1), kib(64), ByteCount{512}, mib(4)}) {
        for (std::uint32_t seed = 1; seed <= test_rounds(8u); ++seed) {
            const ByteCount size{(seed << 18) * 3 + (seed % 3) * 512};
            CAPTURE(cluster.value, seed, size.value);
            const contract::WriterKind kind = parallels_kind(cluster);
            const contract::Pattern pattern = contract::random_pattern(size, seed, seed % 2 == 0 ? 4 << 20 : 300000);
            contract::write_image(kind, path, pattern);
            // qemu-img 7.2 takes the end of a long table for leaked space if no cluster follows it.
            if (!is_zero(pattern.guest)) contract::check_clean(kind, path);
            REQUIRE(first_difference(contract::read_by_qemu(kind, path, size), pattern.guest) == std::nullopt);
            const auto reader = open_image(path);
            REQUIRE(reader->info().virtual_size == size);
            REQUIRE(reader->info().warnings.empty());
            REQUIRE(reader->info().cluster_size == cluster);
            REQUIRE(first_difference(reader_test::read_all(*reader), pattern.guest) == std::nullopt);
            std::filesystem::remove(path);
        }
    }
}

TEST_CASE("parallels writer: the header is the one that Parallels and qemu write", "[parallels]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a.hds");
    const auto writer = create(path, mib(300));
    writer->write({mib(7).value}, Bytes(5, std::byte{1}));
    writer->zero({ByteOffset{mib(8).value}, mib(1)});
    writer->write({mib(9).value}, Bytes(5, std::byte{1}));
    writer->finish();
    CHECK(text_of(read_file(path)).starts_with("WithouFreSpacExt"));
    CHECK(field(path, 16, 4) == 2);
    CHECK(field(path, 20, 4) == 16);
    CHECK(field(path, 24, 4) == 300 * 2048 / 16 / 32);
    CHECK(field(path, 28, 4) == 2048);
    CHECK(field(path, 32, 4) == 300);
    CHECK(field(path, 36, 8) == 300 * 2048);
    CHECK(field(path, 44, 4) == 0x312e3276);
    CHECK(field(path, 48, 4) == 2048);
    CHECK(field(path, 52, 4) == 0);
    CHECK(field(path, 56, 8) == 0);
    CHECK(field(path, 64 + 7 * 4, 4) == 1);
    CHECK(field(path, 64 + 8 * 4, 4) == 0);
    CHECK(field(path, 64 + 9 * 4, 4) == 2);
    CHECK(std::filesystem::file_size(path) == 3 << 20);
    CHECK(allocated_bytes(path) <= 64 << 10);
    contract::check_clean(parallels_kind(), path);
}

TEST_CASE("parallels writer: disks of any whole number of sectors are written", "[parallels]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a.hds");
    for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{512}, std::uint64_t{1024}, mib(1).value - 512,
                                     mib(1).value, mib(1).value + 512, (std::uint64_t{1} << 40) + 512}) {
        CAPTURE(size);
        const auto writer = create(path, {size});
        if (size != 0) writer->write({size - 512}, Bytes(512, std::byte{7}));
        writer->finish();
        contract::check_clean(parallels_kind(), path);
        const auto reader = open_image(path);
        CHECK(reader->info().virtual_size == ByteCount{size});
        if (size != 0) {
            Bytes last(512);
            reader->read({size - 512}, last);
            CHECK(last == Bytes(512, std::byte{7}));
        }
        std::filesystem::remove(path);
    }
    CHECK_THROWS_WITH(create(path, {513}), ContainsSubstring("whole sectors"));
}

TEST_CASE("parallels writer: the same disk gives the same bytes", "[parallels]") {
    const ScratchFolder folder;
    const contract::Pattern pattern = contract::random_pattern({mib(5).value + 512}, 3, 500000);
    contract::write_image(parallels_kind(), folder.file("1"), pattern);
    contract::write_image(parallels_kind(), folder.file("2"), pattern);
    CHECK(read_file(folder.file("1")) == read_file(folder.file("2")));
}

TEST_CASE("parallels writer: creation options are checked and applied", "[parallels]") {
    for (const std::string size : {"", "0", "256", "1000", "63K", "128M", "-1", "1Mx"})
        CHECK_THROWS_WITH(check_creation_options("parallels", {{"cluster_size", size}}),
                          ContainsSubstring("512 to 64M, a power of two"));
    CHECK_NOTHROW(check_creation_options("parallels", {{"cluster_size", "64m"}}));
    CHECK_THROWS_WITH(check_creation_options("parallels", {{"static", "on"}}), ContainsSubstring("cluster_size"));
    CHECK(with_recorded_options("parallels", {}, {{"cluster_size", "65536"}}) == OptionMap{{"cluster_size", "65536"}});
}

TEST_CASE("parallels writer: whatever operation fails, no image appears", "[parallels]") {
    const contract::Pattern pattern = contract::random_pattern({mib(6).value + 512}, 4, 900000);
    bool is_done = false;
    std::size_t failures = 0;
    std::size_t with_magic = 0;
    for (std::size_t n = 0; !is_done; ++n) {
        const auto medium = std::make_shared<MemoryMedium>();
        medium->fail_at = n;
        try {
            const auto writer =
                parallels::create_writer(std::make_unique<MemoryOutput>(medium), {pattern.guest.size()}, {});
            contract::play(*writer, pattern);
            writer->finish();
            is_done = true;
        } catch (const Error& error) {
            REQUIRE(error.code() == ErrorCode::io);
            ++failures;
        }
        REQUIRE(medium->committed == is_done);
        with_magic += text_of(medium->bytes).starts_with("WithouFreSpacExt") && !is_done ? 1u : 0u;
        if (n > 2000) FAIL("it never ends");
    }
    REQUIRE(failures > 5);
    REQUIRE(with_magic == 1);  // the header is written last: only the commit can fail after it
}

TEST_CASE("parallels writer: a disk of 16 TiB takes no more memory than its pages", "[parallels]") {
    const ScratchFolder folder;
    const auto resident_kib = [] {
        rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        return usage.ru_maxrss;
    };
    const long before = resident_kib();
    const ByteCount size{std::uint64_t{16} << 40};
    const auto writer = create(folder.file("a.hds"), size);
    writer->write({0}, Bytes(10, std::byte{1}));
    writer->write({size.value - 1}, Bytes(1, std::byte{2}));
    writer->finish();
    CHECK(resident_kib() - before < 24 << 10);
    CHECK(std::filesystem::file_size(folder.file("a.hds")) == mib(65 + 2).value);  // 64 MiB of table, and the header
    contract::check_clean(parallels_kind(), folder.file("a.hds"));
}

TEST_CASE("parallels writer: a disk beyond the format is refused before anything is written", "[parallels]") {
    const ScratchFolder folder;
    const ByteCount largest = parallels::virtual_size_max({});
    CHECK(largest.value == ((std::uint64_t{1} << 29) - 1) << 20);
    CHECK_THROWS_WITH(create(folder.file("a.hds"), {largest.value + 512}),
                      ContainsSubstring("too large for parallels"));
    CHECK_THROWS_WITH(create(folder.file("a.hds"), {std::uint64_t{1} << 38}, {{"cluster_size", "512"}}),
                      ContainsSubstring("too large for parallels"));
    CHECK(folder.names().empty());
    const auto writer = create(folder.file("a.hds"), largest);
    writer->write({largest.value - 512}, Bytes(512, std::byte{2}));
    writer->finish();
    CHECK(open_image(folder.file("a.hds"))->info().virtual_size == largest);
}
