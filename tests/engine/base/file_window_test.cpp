// A window on a file: a part of it that is read as a file of its own.

#include <fcntl.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "tests/catch.h"
#include "tests/fakes/temporary_folder.h"

using namespace varve;

namespace {

/// Data from 0 to 8 KiB, a hole to 64 KiB, data to 72 KiB: byte i of the data is i / 256.
File holey_file(const TemporaryFolder& folder) {
    File file = File::open(folder / "whole", O_RDWR | O_CREAT);
    for (const std::uint64_t begin : {std::uint64_t{0}, kib(64).value}) {
        Bytes bytes(kib(8).value);
        for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>((begin + i) / 256);
        file.write_all({begin}, bytes);
    }
    return file;
}

}  // namespace

TEST_CASE("A window begins at 0, has the range's size, and reads nothing outside of it", "[file]") {
    const TemporaryFolder folder;
    const File whole = holey_file(folder);
    const File part = whole.window({{kib(4).value}, {2000}}, "part");
    CHECK(part.size() == ByteCount{2000});
    CHECK(part.begin() == ByteOffset{kib(4).value});
    CHECK(part.kind() == FileKind::regular);
    CHECK(part.identity() == whole.identity());
    Bytes bytes(3000);
    REQUIRE(part.read_some({}, bytes) == 2000);
    CHECK(bytes[0] == std::byte{16});
    CHECK(bytes[1999] == static_cast<std::byte>((4096 + 1999) / 256));
    CHECK(part.read_some({2000}, bytes) == 0);
    CHECK(part.read_some({~std::uint64_t{0}}, bytes) == 0);
    CHECK_THROWS_AS(part.read_exactly({1999}, ByteSpan(bytes).first(2)), Error);
}

TEST_CASE("The runs of a window are those of the file, cut to it", "[file]") {
    const TemporaryFolder folder;
    const File whole = holey_file(folder);
    const File part = whole.window({{kib(4).value}, kib(64)}, "part");
    const FileRun first = part.run_at({});
    const FileRun second = part.run_at(first.range.end());
    const FileRun third = part.run_at(second.range.end());
    CHECK_FALSE(first.is_hole);
    CHECK(first.range == ByteRange{{}, kib(4)});
    CHECK(second.is_hole);
    CHECK(second.range == ByteRange{{kib(4).value}, kib(56)});
    CHECK_FALSE(third.is_hole);
    CHECK(third.range == ByteRange{{kib(60).value}, kib(4)});
    CHECK_THROWS_AS(part.run_at({kib(64).value}), Error);
}

TEST_CASE("A window of a window stays inside of both, and outlives the file that it was made of", "[file]") {
    const TemporaryFolder folder;
    auto whole = std::make_unique<File>(holey_file(folder));
    auto outer = std::make_unique<File>(whole->window({{kib(4).value}, kib(2)}, "outer"));
    CHECK_THROWS_AS(outer->window({{kib(1).value}, kib(2)}, "too long"), Error);
    CHECK_THROWS_AS(outer->window({{~std::uint64_t{0}}, {1}}, "too far"), Error);
    const File inner = outer->window({{kib(1).value}, kib(1)}, "inner");
    outer.reset();
    whole.reset();
    std::array<std::byte, 1> byte{};
    inner.read_exactly({}, byte);
    CHECK(byte[0] == std::byte{20});
    CHECK(inner.begin() == ByteOffset{kib(5).value});
}
