// Writers and readers against each other: what varve writes, varve reads back exactly, kinds and odd sizes included;
// a disk carried from format to format keeps its bytes and stays as thin as it was.

#include "formats/create_image.h"
#include "formats/open_image.h"
#include "tests/contract/image_writer_contract.h"
#include "tests/support/reader_support.h"

using namespace varve;
using namespace varve::writer_test;

namespace {

constexpr ByteCount piece = mib(1);

std::unique_ptr<ImageWriter> create(const std::string& path, const std::string& format, ByteCount virtual_size) {
    return create_image(
        path, {.format = format, .virtual_size = virtual_size, .overwrite = Overwrite::refuse, .forbidden = {}});
}

std::unique_ptr<ImageReader> open_as(const std::string& path, const std::string& format) {
    OpenOptions options;
    options.image.format = format;
    return open_image(path, options);
}

Bytes read_all(const ImageReader& reader) {
    Bytes bytes(reader.info().virtual_size.value);
    if (!bytes.empty()) reader.read({}, bytes);
    return bytes;
}

/// Extent by extent, as a convert would.
void copy_image(const ImageReader& from, ImageWriter& to) {
    const ByteOffset end = ByteOffset{} + from.info().virtual_size;
    for (ByteOffset at; at < end;) {
        const Extent extent = from.extent_at(at);
        if (extent.kind == ExtentKind::zero) to.zero({extent.begin, extent.length});
        while (extent.kind == ExtentKind::data && at < extent.end()) {
            Bytes bytes(std::min(piece.value, (extent.end() - at).value));
            from.read(at, bytes);
            to.write(at, bytes);
            at += {bytes.size()};
        }
        at = extent.end();
    }
    to.finish();
}

}  // namespace

TEST_CASE("round trip: what is written reads back exactly, at odd sizes too", "[formats][round_trip]") {
    std::uint32_t seed = 20261123;
    for (const std::string format : {"raw", "qcow2"})
        for (const std::uint64_t size : {0u, 1u, 511u, 65537u, (3u << 20) + 513}) {
            CAPTURE(format, size, seed);
            const ScratchFolder folder;
            const contract::Pattern pattern = contract::random_pattern({size}, seed++, 100000);
            const auto writer = create(folder.file("a"), format, {size});
            contract::play(*writer, pattern);
            writer->finish();
            const auto reader = open_as(folder.file("a"), format);
            REQUIRE(reader->info().virtual_size == ByteCount{size});
            REQUIRE(first_difference(read_all(*reader), pattern.guest) == std::nullopt);
        }
}

TEST_CASE("round trip: qcow2 keeps data, zero and unallocated distinct", "[formats][round_trip]") {
    const contract::WriterKind kind{
        .format = "qcow2", .cluster = kib(64), .tells_zero = true, .create = {}, .round_up_size = {}};
    for (std::uint32_t seed = 1; seed <= 10; ++seed) {
        CAPTURE(seed);
        const ScratchFolder folder;
        const contract::Pattern pattern = contract::random_pattern(mib(5) + ByteCount{777}, seed, 300000);
        const auto writer = create(folder.file("a"), "qcow2", {pattern.guest.size()});
        contract::play(*writer, pattern);
        writer->finish();
        REQUIRE(reader_test::unit_kinds(*open_as(folder.file("a"), "qcow2"), kind.cluster) ==
                contract::expected_kinds(kind, pattern));
    }
}

TEST_CASE("round trip: raw to qcow2 to qcow2 to raw keeps bytes and stays thin", "[formats][round_trip]") {
    const ScratchFolder folder;
    const ByteCount size = mib(300) + ByteCount{513};
    const auto writer = create(folder.file("0"), "raw", size);
    for (std::uint64_t at = 0; at < size.value; at += mib(11).value)
        writer->write({at},
                      Bytes(std::min<std::uint64_t>(65536 * 5, size.value - at), static_cast<std::byte>(at >> 20 | 1)));
    writer->finish();
    const std::vector<std::string> formats{"raw", "qcow2", "qcow2", "raw"};
    for (std::size_t i = 1; i < formats.size(); ++i) {
        const std::string before = folder.file(std::to_string(i - 1));
        const std::string after = folder.file(std::to_string(i));
        copy_image(*open_as(before, formats[i - 1]), *create(after, formats[i], size));
        const std::uint64_t source_bytes = allocated_bytes(before);
        REQUIRE(allocated_bytes(after) <= source_bytes + source_bytes / 20 + mib(1).value);
    }
    REQUIRE(run_tool({"cmp", folder.file("0"), folder.file("3")}).status == 0);
}

TEST_CASE("round trip: scattered blocks of 4 KiB in raw stay thin as qcow2", "[formats][round_trip]") {
    const ScratchFolder folder;
    const auto writer = create(folder.file("a.raw"), "raw", mib(64));
    for (std::uint64_t at = 0; at < mib(64).value; at += 65536) writer->write({at + 8192}, Bytes(4096, std::byte{1}));
    writer->finish();
    copy_image(*open_as(folder.file("a.raw"), "raw"), *create(folder.file("a.qcow2"), "qcow2", mib(64)));
    const std::uint64_t source_bytes = allocated_bytes(folder.file("a.raw"));
    REQUIRE(allocated_bytes(folder.file("a.qcow2")) <= source_bytes + source_bytes / 20 + mib(1).value);
    REQUIRE(run_tool({"qemu-img", "compare", "-f", "raw", "-F", "qcow2", folder.file("a.raw"), folder.file("a.qcow2")})
                .status == 0);
}
