// Every truncation of small samples, and the memory that the worst images cost.

#include <sys/resource.h>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/formats/qcow2/builder.h"
#include "tests/support/long_test.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

/// Opens and reads every prefix of `whole`; anything but success or an Error ends the test program.
void every_prefix(const ScratchFolder& folder, const Bytes& whole, const OpenOptions& options, std::size_t step) {
    const std::string path = folder.file("prefix");
    write_file(path, whole);
    CHECK(refusal_of(path, options).empty());
    unsigned read = 0;
    for (std::size_t length = whole.size(); length > 0;) {
        length -= std::min(length, length <= 4096 ? 1 : step);
        std::filesystem::resize_file(path, length);
        read += refusal_of(path, options).empty() ? 1u : 0u;
    }
    CHECK(read < whole.size() / 2);
}

// The limit holds for a release build: sanitizers keep shadows and freed memory.
constexpr std::uint64_t sanitizer_factor = is_sanitized ? 8 : 1;

std::uint64_t peak_memory_bytes() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace

TEST_CASE("truncation: every prefix of a qcow2 image reads or is refused", "[formats][qcow2][bad-input]") {
    ScratchFolder folder;
    const std::string path = folder.file("sample.qcow2");
    for (const std::string type : {"zlib", "zstd"}) {
        qemu_img({"create", "-q", "-f", "qcow2", "-o", "cluster_size=512,compression_type=" + type, path, "96k"});
        qemu_io(path, "qcow2",
                {"write -P 1 1k 3k", "write -z 40k 2k", "write -c -P 3 70k 512", "write -c -P 4 71k 512"});
        qemu_img({"snapshot", "-c", "s", path});
        qemu_img({"bitmap", "--add", path, "b"});
        const Bytes whole = writer_test::read_file(path);
        every_prefix(folder, whole, {{.format = "qcow2"}}, 7 * test_place_step);
        every_prefix(folder, whole, {{.format = "qcow2", .snapshot = "s"}}, 7 * test_place_step);
    }
}

TEST_CASE("truncation: a file that shrinks while it is read is an error", "[formats][qcow2][raw][bad-input]") {
    ScratchFolder folder;
    const std::string path = folder.file("a");
    for (const bool raw : {true, false}) {
        Qcow2Builder image(32768, 12);
        image.data_cluster(0, 'x').data_cluster(1, 'x').data_cluster(2, 'x');
        write_file(path, image.view());
        const auto reader = open_image(path, {{.format = raw ? "raw" : "qcow2"}});
        static_cast<void>(reader->extent_at(ByteOffset{}));
        std::filesystem::resize_file(path, 600);
        Bytes bytes(12288);
        CHECK_THROWS_AS(reader->read(ByteOffset{}, bytes), Error);
    }
}

TEST_CASE("memory: the worst images stay below 256 MiB", "[formats][qcow2][bad-input]") {
    ScratchFolder folder;
    // The largest L1 table (32 MiB), all of it present, its L2 tables all the same one; and 65536 snapshots.
    constexpr std::uint64_t entries = (32u << 20) / 8;
    Qcow2Builder image(entries * 8192 * 65536, 16);
    image.be64(40, 6 << 16).grow((6 << 16) + entries * 8);
    for (std::uint64_t i = 0; i < entries; i += 3) image.be64((6 << 16) + i * 8, image.l2() | Qcow2Builder::copied);
    image.l2_entry(0, image.data() | Qcow2Builder::copied).l2_entry(100, 1);
    const std::uint64_t snapshots_at = image.end();
    image.be32(60, 65536).be64(64, snapshots_at).grow(snapshots_at + 65536 * 40);
    write_file(folder.file("big"), image.view());
    image = Qcow2Builder();
    const int status = writer_test::in_child([&] {
        const std::uint64_t before = peak_memory_bytes();
        const auto reader = open_image(folder.file("big"), {{.format = "qcow2"}});
        ByteOffset at;
        for (int i = 0; i < 20000; ++i) at = reader->extent_at(at).end();
        Bytes piece(1 << 16);
        for (std::uint64_t i = 0; i < 20000; ++i)
            reader->read(ByteOffset{i * 3 * 8192 * 65536 % reader->info().virtual_size.value}, piece);
        return peak_memory_bytes() - before < sanitizer_factor * (100u << 20);
    });
    CHECK(status == 0);
}

}  // namespace varve::reader_test
