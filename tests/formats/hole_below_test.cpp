// Images whose clusters have a place in the file, but whose file has holes there: what lies in a hole is zeros and is
// not read, in every format.

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "engine/image/copy_image.h"
#include "formats/base/stored_extent.h"
#include "formats/create_image.h"
#include "tests/catch.h"
#include "tests/contract/image_reader_contract.h"
#include "tests/fakes/memory_source.h"
#include "tests/formats/qcow2/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

ByteCount data_bytes(const ImageReader& reader) {
    ByteCount sum;
    for (const Extent& extent : contract::walk_extents(reader))
        if (extent.kind == ExtentKind::data) sum += extent.length;
    return sum;
}

/// Makes a hole of whole file system blocks.
void punch(const std::string& path, ByteRange range) {
    const File file = File::open(path, O_RDWR);
    REQUIRE(::fallocate(file.fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(range.begin.value),
                        static_cast<off_t>(range.length.value)) == 0);
}

/// A disk of 64 MiB with a piece of data of 1 MiB, as `format`.
std::string make_image(const ScratchFolder& folder, const std::string& format, const OptionMap& options) {
    const std::string raw = folder.file("piece.raw");
    qemu_img({"create", "-q", "-f", "raw", raw, "64M"});
    qemu_io(raw, "raw", {"write -P 9 3M 1M"});
    const std::string path = folder.file("disk." + format);
    const auto source = open_image(raw);
    const auto writer = create_image(path, {format, source->info().virtual_size, Overwrite::refuse, {}, options});
    NoProgress none;
    copy_image(*source, *writer, none, {});
    writer->finish();
    return path;
}

Bytes whole_of_piece() {
    Bytes whole(mib(64).value);
    std::fill_n(whole.begin() + (3 << 20), 1 << 20, std::byte{9});
    return whole;
}

}  // namespace

TEST_CASE("holes below: a preallocated qcow2 is read as far as it was written", "[formats][qcow2]") {
    ScratchFolder folder;
    for (const std::string options :
         {"preallocation=metadata", "preallocation=falloc", "preallocation=metadata,extended_l2=on",
          "preallocation=metadata,cluster_size=2M", "preallocation=metadata,cluster_size=4k"}) {
        CAPTURE(options);
        const std::string path = folder.file("disk.qcow2");
        qemu_img({"create", "-q", "-f", "qcow2", "-o", options, path, "64M"});
        qemu_io(path, "qcow2", {"write -P 4 3M 1M", "write -P 5 40M 4k"});
        const auto reader = open_image(path);
        CHECK(data_bytes(*reader) <= mib(6));
        contract::check_image_reader(*reader, qemu_bytes(path, "qcow2"));
    }
}

TEST_CASE("holes below: those of a raw external data file count too", "[formats][qcow2]") {
    ScratchFolder folder;
    const std::string path = folder.file("disk.qcow2");
    qemu_img({"create", "-q", "-f", "qcow2", "-o",
              fmt::format("preallocation=metadata,data_file={},data_file_raw=on", folder.file("disk.data")), path,
              "64M"});
    qemu_io(path, "qcow2", {"write -P 4 3M 1M"});
    const auto reader = open_image(path);
    CHECK(data_bytes(*reader) <= mib(2));
    contract::check_image_reader(*reader, qemu_bytes(path, "qcow2"));
}

TEST_CASE("holes below: a cluster in a hole hides the backing file", "[formats][qcow2]") {
    ScratchFolder folder;
    constexpr std::uint64_t cluster = 1 << 16;
    write_file(folder.file("base"), Bytes(2 * cluster, std::byte{'b'}));
    Qcow2Builder image(2 * cluster, 16);
    image.backing("base", "raw").l2_entry(0, image.data() | Qcow2Builder::copied);
    write_file(folder.file("top.qcow2"), image.view());
    std::filesystem::resize_file(folder.file("top.qcow2"), image.data() + cluster);
    const auto reader = open_image(folder.file("top.qcow2"));
    CHECK(reader->extent_at({}) == Extent{{}, {cluster}, ExtentKind::zero});
    const Bytes bytes = read_all(*reader);
    CHECK(is_zero(ByteView(bytes).first(cluster)));
    CHECK(text_of(bytes).substr(cluster) == std::string(cluster, 'b'));
}

TEST_CASE("holes below: clusters in the opposite order, every second one a hole", "[formats][qcow2]") {
    ScratchFolder folder;
    constexpr std::uint64_t cluster = 1 << 16;
    constexpr std::uint64_t count = 600;
    const std::string path = folder.file("a.qcow2");
    Qcow2Builder image(count * cluster, 16);
    Bytes whole(count * cluster);
    for (std::uint64_t i = count; i-- > 0;) {
        image.data_cluster(i, 'd');
        if (i % 2 == 0) std::fill_n(whole.begin() + static_cast<std::ptrdiff_t>(i * cluster), cluster, std::byte{'d'});
    }
    write_file(path, image.view());
    for (std::uint64_t i = 1; i < count; i += 2) punch(path, {ByteOffset{image.end() - (i + 1) * cluster}, {cluster}});
    const auto reader = open_image(path);
    CHECK(data_bytes(*reader).value == count / 2 * cluster);
    contract::check_image_reader(*reader, whole);
}

TEST_CASE("holes below: a static VDI is read as far as it was written", "[formats][vdi]") {
    ScratchFolder folder;
    const auto reader = open_image(make_image(folder, "vdi", {{"static", "on"}}));
    CHECK(data_bytes(*reader) == mib(1));
    contract::check_image_reader(*reader, whole_of_piece());
}

TEST_CASE("holes below: a fixed VHD is read as far as it was written", "[formats][vhd]") {
    ScratchFolder folder;
    const auto reader = open_image(make_image(folder, "vpc", {{"subformat", "fixed"}, {"force_size", "on"}}));
    CHECK(data_bytes(*reader).value <= mib(1).value + 8192);  // and the file's first and last 4 KiB
    contract::check_image_reader(*reader, whole_of_piece());
}

TEST_CASE("holes below: a hole in the grains of a VMDK is zeros", "[formats][vmdk]") {
    ScratchFolder folder;
    const std::string path = make_image(folder, "vmdk", {});
    // The grains of the piece are at the end of the file, the last 64 KiB of it are the last grain.
    const std::uint64_t size = std::filesystem::file_size(path);
    punch(path, {ByteOffset{size - kib(512).value}, kib(512)});
    Bytes whole = whole_of_piece();
    std::fill_n(whole.begin() + (3 << 20) + (512 << 10), 512 << 10, std::byte{0});
    const auto reader = open_image(path);
    CHECK(data_bytes(*reader) == kib(512));
    contract::check_image_reader(*reader, whole);
}

TEST_CASE("holes below: the work is for each run in the file, not for each byte", "[formats][byte_source]") {
    fakes::MemorySource file(Bytes(mib(1).value));
    file.holes = {{{kib(64).value}, kib(512)}};
    int calls = 0;
    ByteCount asked_max;
    const auto extent = [&](std::uint64_t begin, std::uint64_t length) {
        calls = 0;
        asked_max = {};
        return stored_extent(file, {{begin}, {length}}, [&](ByteRange guest) -> StoredRun {
            ++calls;
            asked_max = std::max(asked_max, guest.length);
            return {guest.length, guest.begin};
        });
    };
    CHECK(extent(0, mib(1).value) == Extent{{}, kib(64), ExtentKind::data});
    CHECK(calls <= 4);
    CHECK(extent(kib(64).value, mib(1).value - kib(64).value) == Extent{{kib(64).value}, kib(512), ExtentKind::zero});
    CHECK(calls <= 4);
    CHECK(asked_max <= kib(512));
    CHECK(extent(kib(600).value, 1) == Extent{{kib(600).value}, {1}, ExtentKind::data});
}

TEST_CASE("holes below: what is compressed, or past the end of the file, is data", "[formats][byte_source]") {
    fakes::MemorySource file(Bytes(4096));
    file.holes = {{{}, {4096}}};
    const ByteRange guest{{}, {8192}};
    CHECK(stored_extent(file, guest, [](ByteRange) -> StoredRun {
              return {{8192}, std::nullopt};
          }).kind == ExtentKind::data);
    CHECK(stored_extent(file, guest, [](ByteRange range) -> StoredRun {
              return {range.length, ByteOffset{4096}};
          }) == Extent{{}, {8192}, ExtentKind::data});
}

}  // namespace varve::reader_test
