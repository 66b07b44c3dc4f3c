// Raw disks in pieces: split and cat are the oracle.

#include <filesystem>

#include "engine/base/error.h"
#include "engine/base/progress.h"
#include "engine/image/copy_image.h"
#include "formats/create_image.h"
#include "formats/creation_options.h"
#include "formats/raw/split_writer.h"
#include "tests/catch.h"
#include "tests/contract/image_reader_contract.h"
#include "tests/fakes/memory_output_files.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

Bytes noisy_disk(std::size_t length) {
    Bytes disk(length);
    std::mt19937_64 random(7);
    for (std::size_t i = length / 3; i < length / 2; ++i) disk[i] = static_cast<std::byte>(random() | 1);
    if (length != 0) disk.back() = std::byte{9};
    return disk;
}

void write_pieces(const ScratchFolder& folder, const Bytes& disk, const OptionMap& options, const std::string& first) {
    const auto writer =
        create_image(folder.file(first), {.format = "raw", .virtual_size = {disk.size()}, .options = options});
    write_file(folder.file("whole"), disk);
    const auto source = open_image(folder.file("whole"));
    NoProgress progress;
    copy_image(*source, *writer, progress, {});
    writer->finish();
    std::filesystem::remove(folder.file("whole"));
}

/// What `cat` makes of the pieces, which it gets in the order of their names.
Bytes joined(const ScratchFolder& folder) {
    Bytes all;
    for (const std::string& name : folder.names()) {
        const Bytes piece = writer_test::read_file(folder.file(name));
        all.insert(all.end(), piece.begin(), piece.end());
    }
    return all;
}

}  // namespace

TEST_CASE("raw pieces: a disk that split has divided is read as one", "[raw][split]") {
    const ScratchFolder folder;
    const Bytes disk = noisy_disk((5 << 20) + 100);
    write_file(folder.file("disk"), disk);
    const auto split = [&](const std::string& first_number) {
        REQUIRE(writer_test::run_tool({"split", "-b", "1M", "-d", "-a3", "--numeric-suffixes=" + first_number,
                                       folder.file("disk"), folder.file("disk.raw.")})
                    .status == 0);
    };
    for (const std::string first : {"0", "1"}) {
        split(first);
        const std::string path = folder.file("disk.raw.00" + first);
        const OpenedImage opened = open_image_chain(path);
        CHECK(opened.reader->info().format == "raw");
        CHECK(opened.reader->info().features == std::vector<std::string>{"split"});
        CHECK(opened.reader->info().warnings.empty());
        CHECK(opened.layers.size() == 6);
        contract::check_image_reader(*opened.reader, disk);
        CHECK(read_all(*open_image(path, {{.format = "raw"}})).size() == 1 << 20);
        for (unsigned i = 0; i < 9; ++i) std::filesystem::remove(folder.file("disk.raw.00" + std::to_string(i)));
    }
}

TEST_CASE("raw pieces: their lengths may differ, and holes stay holes", "[raw][split]") {
    const ScratchFolder folder;
    write_file(folder.file("d.000"), Bytes(5000, std::byte{'a'}));
    write_file(folder.file("d.001"), Bytes(1, std::byte{'b'}));
    write_file(folder.file("d.002"), {});
    write_file(folder.file("d.003"), {});
    std::filesystem::resize_file(folder.file("d.003"), 1 << 20);
    write_file(folder.file("d.0040"), Bytes(7));
    write_file(folder.file("e.004"), Bytes(7));
    Bytes whole(5001 + (1 << 20), std::byte{'a'});
    whole[5000] = std::byte{'b'};
    std::fill(whole.begin() + 5001, whole.end(), std::byte{});
    const auto reader = open_image(folder.file("d.000"));
    contract::check_image_reader(*reader, whole);
    CHECK(reader->extent_at(ByteOffset{5001}).kind == ExtentKind::unallocated);
    CHECK(reader->extent_at(ByteOffset{5001}).length.value == 1 << 20);
}

TEST_CASE("raw pieces: a missing one is named, and a later one is not taken for the disk", "[raw][split]") {
    const ScratchFolder folder;
    write_file(folder.file("d.000"), Bytes(512));
    write_file(folder.file("d.002"), Bytes(512));
    CHECK_THAT(refusal_of(folder.file("d.000")),
               ContainsSubstring("'d.001' between them is missing") && ContainsSubstring("--format raw"));
    CHECK(refusal_of(folder.file("d.002")).empty());  // nothing is right before it: a file by itself
    write_file(folder.file("d.001"), Bytes(512));
    for (const std::string later : {"d.001", "d.002"}) {
        CHECK_THAT(refusal_of(folder.file(later)), ContainsSubstring("looks like a later piece"));
        CHECK(refusal_of(folder.file(later), {{.format = "raw"}}).empty());
    }
    CHECK(read_all(*open_image(folder.file("d.000"))).size() == 3 * 512);
}

TEST_CASE("raw pieces: names that only look alike are single files", "[raw][split]") {
    const ScratchFolder folder;
    for (const std::string name :
         {".000", ".001", "a.00", "a.01", "a.0000", "a.0001", "b.00a", "b.001", "c000", "c001"})
        write_file(folder.file(name), Bytes(512));
    for (const std::string name : {".000", "a.00", "a.0000", "b.001", "c000"}) {
        CAPTURE(name);
        CHECK(read_all(*open_image(folder.file(name))).size() == 512);
    }
}

TEST_CASE("raw pieces: another format in pieces is refused", "[raw][split]") {
    const ScratchFolder folder;
    qemu_img({"create", "-q", "-f", "qcow2", folder.file("d.000"), "1M"});
    CHECK(refusal_of(folder.file("d.000")).empty());
    write_file(folder.file("d.001"), Bytes(512));
    CHECK_THAT(refusal_of(folder.file("d.000")), ContainsSubstring("in 2 pieces") && ContainsSubstring("'cat'"));
    CHECK(refusal_of(folder.file("d.000"), {{.format = "qcow2"}}).empty());
}

TEST_CASE("raw pieces: a backing file is never put together from pieces", "[raw][split]") {
    const ScratchFolder folder;
    write_file(folder.file("d.000"), Bytes(512, std::byte{'a'}));
    write_file(folder.file("d.001"), Bytes(512, std::byte{'b'}));
    qemu_img({"create", "-q", "-f", "qcow2", "-b", "d.000", "-F", "raw", folder.file("top.qcow2"), "1K"});
    CHECK(read_all(*open_image(folder.file("top.qcow2"))) == qemu_bytes(folder.file("top.qcow2"), "qcow2"));
}

TEST_CASE("raw pieces: cat joins what varve writes", "[raw][split]") {
    for (const std::size_t length :
         {std::size_t{0}, std::size_t{1}, std::size_t{1} << 20, (std::size_t{1} << 20) + 1, std::size_t{5000000}}) {
        for (const std::string first : {"disk.000", "disk.001"}) {
            CAPTURE(length, first);
            const ScratchFolder folder;
            const Bytes disk = noisy_disk(length);
            write_pieces(folder, disk, {{"split", "1M"}}, first);
            CHECK(folder.names().front() == first);
            CHECK(folder.names().size() == std::max<std::size_t>(1, (length + (1 << 20) - 1) >> 20));
            CHECK(joined(folder) == disk);
            CHECK(read_all(*open_image(folder.file(first))) == disk);
        }
    }
}

TEST_CASE("raw pieces: zeros take no space unless it is allocated", "[raw][split]") {
    const ScratchFolder folder;
    write_pieces(folder, Bytes(4 << 20), {{"split", "1M"}}, "a.000");
    CHECK(writer_test::allocated_bytes(folder.file("a.000")) == 0);
    CHECK(writer_test::allocated_bytes(folder.file("a.003")) == 0);
    write_pieces(folder, Bytes(4 << 20), {{"split", "1M"}, {"preallocation", "full"}}, "b.000");
    CHECK(writer_test::allocated_bytes(folder.file("b.000")) >= 1 << 20);
    CHECK(writer_test::allocated_bytes(folder.file("b.003")) >= 1 << 20);
}

TEST_CASE("raw pieces: names and sizes that do not fit are refused before anything is written", "[raw][split]") {
    const ScratchFolder folder;
    const auto refusal = [&](const std::string& name, std::uint64_t size, const std::string& split = "1M") {
        try {
            create_image(name, {.format = "raw", .virtual_size = {size}, .options = {{"split", split}}});
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    CHECK_THAT(refusal(folder.file("disk.raw"), 1), ContainsSubstring("disk.raw.000'"));
    CHECK_THAT(refusal(folder.file("disk.002"), 1), ContainsSubstring(".000 or .001"));
    CHECK_THAT(refusal("-", 1), ContainsSubstring("not for standard output or a device"));
    CHECK(refusal(folder.file("disk.000"), 1000 << 20).empty());
    CHECK_THAT(refusal(folder.file("disk.000"), (1000 << 20) + 1),
               ContainsSubstring("has 1001 pieces") && ContainsSubstring("split=2097152 or more"));
    CHECK_THAT(refusal(folder.file("disk.001"), 1000 << 20), ContainsSubstring("three digits can name 999"));
    for (const std::string split : {"", "0", "512K", "1048577", "x"})
        CHECK_THAT(refusal(folder.file("disk.000"), 1, split), ContainsSubstring("1M or more, in whole sectors"));
    write_file(folder.file("disk.001"), Bytes(1));
    CHECK_THAT(refusal(folder.file("disk.000"), 3 << 20), ContainsSubstring("disk.001' exists"));
    CHECK(folder.names() == std::vector<std::string>{"disk.001"});
    CHECK_FALSE(is_streamed("raw", {{"split", "1M"}}));
    CHECK(is_streamed("raw", {}));
}

TEST_CASE("raw pieces: force replaces the first one only", "[raw][split]") {
    const ScratchFolder folder;
    write_file(folder.file("disk.000"), Bytes(3, std::byte{'x'}));
    CreateOptions options{.format = "raw", .virtual_size = {2 << 20}, .options = {{"split", "1M"}}};
    CHECK_THROWS_WITH(create_image(folder.file("disk.000"), options), ContainsSubstring("--force"));
    options.overwrite = Overwrite::force;
    auto writer = create_image(folder.file("disk.000"), options);
    CHECK(writer_test::read_file(folder.file("disk.000")).size() == 3);
    writer->finish();
    writer.reset();
    CHECK(writer_test::read_file(folder.file("disk.000")).size() == 1 << 20);
    CHECK_THROWS_WITH(create_image(folder.file("disk.000"), options), ContainsSubstring("disk.001' exists"));
}

TEST_CASE("raw pieces: an I/O error at any call is reported, and nothing is committed", "[raw][split]") {
    const Bytes disk = noisy_disk(3 << 20);
    bool is_done = false;
    for (std::size_t n = 0; !is_done; ++n) {
        const auto files = std::make_shared<MemoryFiles>();
        files->fail_at = n;
        NewImage image{"disk.000", {disk.size()}, {}, {}, {}, {}, {}};
        image.open_output_files = [&](std::vector<std::string> parts) {
            CHECK(parts == std::vector<std::string>{"disk.001", "disk.002"});
            return std::make_unique<MemoryOutputFiles>(files);
        };
        try {
            const auto writer = raw::create_split_writer(image, {.split = mib(1)});
            writer->write({}, disk);
            writer->finish();
            is_done = true;
            CHECK(files->first->bytes == Bytes(disk.begin(), disk.begin() + (1 << 20)));
        } catch (const Error& error) {
            REQUIRE(error.code() == ErrorCode::io);
        }
        REQUIRE(files->committed == is_done);
        REQUIRE(n < 200);
    }
}

}  // namespace varve::reader_test
