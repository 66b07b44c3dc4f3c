// streamOptimized images: their layout byte by byte, and how qemu-img reads them.

#include "formats/vmdk/stream_writer.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "formats/create_image.h"
#include "formats/output/output_file.h"
#include "formats/output/output_stream.h"
#include "tests/contract/image_writer_contract.h"
#include "tests/fakes/memory_output.h"
#include "tests/formats/vmdk/stream_layout.h"
#include "tests/support/long_test.h"

namespace varve::stream_writer_test {

using namespace writer_test;

namespace {

constexpr std::uint64_t sector = 512;
const OptionMap fixed{{"subformat", "streamOptimized"}, {"uuid", "6000c29b-5c3a-1f4e-8d7c-0123456789ab"}};

contract::WriterKind stream_kind() {
    const auto create = [](const std::string& path, ByteCount size) {
        return vmdk::create_stream_writer(create_output_file(path, {}), size, vmdk::parse_creation_options(fixed));
    };
    return {.format = "vmdk",
            .cluster = kib(64),
            .create = create,
            .round_up_size = {},
            .compresses = true,
            .size_unit = {sector}};
}

Bytes written(const contract::Pattern& pattern, unsigned workers = 2, const OptionMap& options = fixed) {
    const auto medium = std::make_shared<MemoryMedium>();
    const auto writer = vmdk::create_stream_writer(std::make_unique<MemoryOutput>(medium), {pattern.guest.size()},
                                                   vmdk::parse_creation_options(options), workers);
    contract::play(*writer, pattern);
    writer->finish();
    REQUIRE(medium->committed);
    return medium->bytes;
}

Bytes without_directory_place(Bytes image) {
    std::fill_n(image.begin() + 56, 8, std::byte{0});
    return image;
}

/// Some data in every `every` bytes of a disk, the rest never written.
contract::Pattern scattered(ByteCount size, std::uint64_t first, std::uint64_t every) {
    contract::Pattern pattern{Bytes(size.value), {}};
    std::mt19937 random(7);
    for (std::uint64_t at = first; at < size.value; at += every) {
        const std::uint64_t length = std::min<std::uint64_t>(90000, size.value - at);
        for (std::uint64_t i = 0; i < length; i += 3) pattern.guest[at + i] = static_cast<std::byte>(random());
        pattern.steps.push_back({{{at}, {length}}, ExtentKind::data, false});
    }
    return pattern;
}

}  // namespace

TEST_CASE("vmdk stream writer: keeps the contract", "[vmdk-writer][contract]") {
    contract::check_image_writer(stream_kind());
}

TEST_CASE("vmdk stream writer: every image matches the specification, byte by byte", "[vmdk-writer]") {
    for (std::uint32_t seed = 1; seed <= 60; ++seed) {
        std::mt19937 random(seed);
        const ByteCount size{(1 + random() % 8000) * sector};
        CAPTURE(seed, size.value);
        const contract::Pattern pattern = contract::random_pattern(size, seed, 1 + random() % 400000);
        const Bytes image = written(pattern);
        REQUIRE(first_difference(StreamLayout(image).guest(), pattern.guest) == std::nullopt);
    }
}

TEST_CASE("vmdk stream writer: the layout checker detects changes", "[vmdk-writer]") {
    const contract::Pattern pattern = scattered(mib(1), 70000, mib(1).value);
    Bytes image = written(pattern);
    const std::size_t tables_begin = image.size() - 5120;
    const std::string_view text = text_of(ByteView(image).subspan(512, 10240));
    const std::size_t text_end = 512 + text.find('\0');
    CHECK(StreamLayout(image).grains() == 2);
    std::size_t missed = 0;
    for (std::size_t at = 0; at < image.size(); at += (at < tables_begin ? 61 : 1) * test_place_step) {
        const bool is_free = (at >= 12 && at < 20) || (at >= 512 && at < text_end);  // the size; text
        if (is_free) continue;
        image[at] ^= std::byte{0xff};
        try {
            const StreamLayout layout(image);
            const bool is_another_stream = at < tables_begin && layout.guest() == pattern.guest;
            if (!is_another_stream) ++missed;  // deflate can encode the same data in several ways
        } catch (const std::logic_error&) {
        }
        image[at] ^= std::byte{0xff};
    }
    CHECK(missed == 0);
}

TEST_CASE("vmdk stream writer: qemu-img reads back random calls, for any number of sectors", "[vmdk-writer]") {
    for (std::uint32_t seed = 101; seed <= 140; ++seed) {
        std::mt19937 random(seed);
        const ByteCount size{(1 + random() % 12000) * sector};
        contract::check_reads_back(stream_kind(), size, seed, 1 + random() % 400000);
    }
}

TEST_CASE("vmdk stream writer: only grains with data are stored", "[vmdk-writer]") {
    const ScratchFolder folder;
    const contract::WriterKind kind = stream_kind();
    const contract::Pattern pattern = contract::random_pattern(mib(6), 5, 200000);
    contract::write_image(kind, folder.file("a"), pattern);
    auto expected = contract::expected_kinds(kind, pattern);
    std::ranges::replace(expected, ExtentKind::zero, ExtentKind::unallocated);
    CHECK(contract::mapped_kinds(kind, folder.file("a"), mib(6)) == expected);
    const Bytes image = read_file(folder.file("a"));
    CHECK(StreamLayout(image).grains() == static_cast<std::size_t>(std::ranges::count(expected, ExtentKind::data)));
}

TEST_CASE("vmdk stream writer: parts of the disk without data have no table", "[vmdk-writer]") {
    const contract::Pattern pattern = scattered(mib(330) + ByteCount{sector}, mib(31).value + 65000, mib(96).value);
    const Bytes image = written(pattern);
    const StreamLayout layout(image);
    CHECK(layout.tables() == 4);  // of 11
    CHECK(first_difference(layout.guest(), pattern.guest) == std::nullopt);
}

TEST_CASE("vmdk stream writer: a batch of grains is split at the border of two tables", "[vmdk-writer]") {
    contract::Pattern pattern{Bytes(mib(66).value), {}};
    const ByteRange data{{mib(32).value - 65536}, mib(33)};
    for (std::uint64_t at = data.begin.value; at < data.end().value; at += 512)
        pattern.guest[at] = static_cast<std::byte>(at / 512 % 255 + 1);
    pattern.steps.push_back({data, ExtentKind::data, false});
    const Bytes image = written(pattern);
    const StreamLayout layout(image);
    CHECK(layout.tables() == 3);
    CHECK(layout.grains() == 528);
    CHECK(first_difference(layout.guest(), pattern.guest) == std::nullopt);
}

TEST_CASE("vmdk stream writer: a disk without data is a complete image", "[vmdk-writer]") {
    const Bytes image = written({Bytes(mib(100).value), {}});
    CHECK(image.size() == 65536 + 1024 + 1024 + 512);
    CHECK(StreamLayout(image).grains() == 0);
}

TEST_CASE("vmdk stream writer: the file does not depend on the scheduling of the threads", "[vmdk-writer][pipeline]") {
    const contract::Pattern pattern = contract::random_pattern(mib(20), 11, 900000);
    const Bytes image = written(pattern, 1);
    for (const unsigned workers : {2u, 3u, 8u, 8u}) CHECK(written(pattern, workers) == image);
    CHECK(written(pattern, 2, {{"subformat", "streamOptimized"}}) != image);
}

TEST_CASE("vmdk stream writer: the file does not depend on how the calls split the data", "[vmdk-writer]") {
    contract::Pattern whole{contract::random_pattern(mib(5), 12, 900000).guest, {}};
    contract::Pattern cut = whole;
    whole.steps.push_back({{{}, mib(5)}, ExtentKind::data, false});
    for (std::uint64_t at = 0; at < mib(5).value; at += 3001)
        cut.steps.push_back({{{at}, {std::min<std::uint64_t>(3001, mib(5).value - at)}}, ExtentKind::data, false});
    CHECK(written(whole) == written(cut));
}

TEST_CASE("vmdk stream writer: a pipe gets the same bytes as a file, but for the directory's place in the header",
          "[vmdk-writer]") {
    const ScratchFolder folder;
    const contract::Pattern pattern = contract::random_pattern(mib(9), 13, 700000);
    contract::write_image(stream_kind(), folder.file("a"), pattern);
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    Bytes piped;
    std::jthread reader([&] {
        Bytes buffer(65536);
        for (ssize_t got; (got = ::read(ends[0], buffer.data(), buffer.size())) > 0;)
            piped.insert(piped.end(), buffer.begin(), buffer.begin() + got);
    });
    {
        const auto writer = vmdk::create_stream_writer(output_stream(ends[1], "a pipe", {}), mib(9),
                                                       vmdk::parse_creation_options(fixed));
        contract::play(*writer, pattern);
        writer->finish();
    }
    ::close(ends[1]);
    reader.join();
    ::close(ends[0]);
    CHECK_FALSE(StreamLayout(piped).has_directory_in_front());
    CHECK(StreamLayout(read_file(folder.file("a"))).has_directory_in_front());
    CHECK(first_difference(without_directory_place(piped), without_directory_place(read_file(folder.file("a")))) ==
          std::nullopt);
}

TEST_CASE("vmdk stream writer: create_image creates one for a file and for standard output", "[vmdk-writer]") {
    const ScratchFolder folder;
    CreateOptions options;
    options.format = "vmdk";
    options.virtual_size = mib(2);
    options.options = fixed;
    const contract::Pattern pattern = contract::random_pattern(mib(2), 14, 300000);
    const auto write_to = [&](const std::string& path) {
        const auto writer = create_image(path, options);
        contract::play(*writer, pattern);
        writer->finish();
        return true;
    };
    write_to(folder.file("a.vmdk"));
    REQUIRE(in_child([&] {
                const File out = File::open(folder.file("out"), O_WRONLY | O_CREAT);
                return ::dup2(out.fd(), STDOUT_FILENO) >= 0 && write_to("-");
            }) == 0);
    CHECK(without_directory_place(read_file(folder.file("out"))) ==
          without_directory_place(read_file(folder.file("a.vmdk"))));
    const Bytes image = read_file(folder.file("out"));
    CHECK(first_difference(StreamLayout(image).guest(), pattern.guest) == std::nullopt);
}

TEST_CASE("vmdk stream writer: sizes that VMDK can't hold are refused before anything is sent", "[vmdk-writer]") {
    for (const ByteCount size : {ByteCount{}, ByteCount{513}, mib(64 << 20) + ByteCount{512}}) {
        const auto medium = std::make_shared<MemoryMedium>();
        CHECK_THROWS_AS(vmdk::create_stream_writer(std::make_unique<MemoryOutput>(medium), size, {}), Error);
        CHECK(medium->operations == 0);
    }
}

TEST_CASE("vmdk stream writer: an I/O error at any call is reported, and nothing is committed", "[vmdk-writer]") {
    for (std::size_t fail_at = 0;; ++fail_at) {
        const auto medium = std::make_shared<MemoryMedium>();
        medium->fail_at = fail_at;
        try {
            const auto writer = vmdk::create_stream_writer(std::make_unique<MemoryOutput>(medium), mib(100),
                                                           vmdk::parse_creation_options(fixed));
            writer->write({mib(31).value + 12345}, Bytes(mib(1).value, std::byte{1}));
            writer->write({mib(80).value + 5}, Bytes(70000, std::byte{1}));
            writer->finish();
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::io);
            CHECK_FALSE(medium->committed);
            continue;
        }
        CHECK(medium->committed);
        CHECK(fail_at > 20);
        break;
    }
}

}  // namespace varve::stream_writer_test
