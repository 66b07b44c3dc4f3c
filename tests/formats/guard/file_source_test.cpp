#include "formats/guard/file_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <filesystem>

#include "tests/catch.h"
#include "tests/contract/byte_source_contract.h"
#include "tests/fakes/temporary_folder.h"

namespace varve::file_source_test {
namespace {

using contract::read_failure;

/// A file of 128 KiB: data, a hole from 32 KiB on, data from 96 KiB on. Its time is long past, so that no test depends
/// on the tick of the clock.
class Disk {
public:
    Disk() : path_(folder_ / "a.raw") {
        put(0, Bytes(32 << 10, std::byte{1}));
        put(96 << 10, Bytes(32 << 10, std::byte{2}));
        make_old();
    }

    const std::string& path() const { return path_; }
    std::string other(const std::string& name) const { return folder_ / name; }
    void put(std::uint64_t at, const Bytes& bytes) const {
        File::open(path_, O_WRONLY | O_CREAT).write_all({at}, bytes);
    }
    void make_old() const {
        const timespec times[2] = {{1'000'000'000, 5}, {1'000'000'000, 5}};
        REQUIRE(::utimensat(AT_FDCWD, path_.c_str(), times, 0) == 0);
    }

private:
    TemporaryFolder folder_;
    std::string path_;
};

}  // namespace

TEST_CASE("file source: its name is the path, and its places are offsets in the file", "[formats][byte_source]") {
    const Disk disk;
    const ByteSourcePtr source = open_file_source(disk.path());
    CHECK(source->name() == disk.path());
    CHECK(source->place({}) == "'" + disk.path() + "'");
    CHECK(source->place({4096}) == "'" + disk.path() + "' at byte 4096");
}

TEST_CASE("file source: a file that does not exist is not found", "[formats][byte_source]") {
    const Disk disk;
    try {
        open_file_source(disk.other("missing"));
        FAIL("no error");
    } catch (const Error& e) {
        CHECK(e.code() == ErrorCode::not_found);
    }
}

TEST_CASE("file source: a hole of a file is unallocated, everything else is data", "[formats][byte_source]") {
    const Disk disk;
    const ByteSourcePtr source = open_file_source(disk.path());
    for (int round = 0; round < 2; ++round) {  // as the file system reports it, then as remembered
        CHECK(source->extent_at({0}) == Extent{{0}, {32 << 10}, ExtentKind::data});
        CHECK(source->extent_at({1}) == Extent{{1}, {(32 << 10) - 1}, ExtentKind::data});
        CHECK(source->extent_at({32 << 10}) == Extent{{32 << 10}, {64 << 10}, ExtentKind::unallocated});
        CHECK(source->extent_at({95 << 10}) == Extent{{95 << 10}, {1 << 10}, ExtentKind::unallocated});
        CHECK(source->extent_at({96 << 10}) == Extent{{96 << 10}, {32 << 10}, ExtentKind::data});
        CHECK(source->extent_at({(128 << 10) - 1}) == Extent{{(128 << 10) - 1}, {1}, ExtentKind::data});
    }
}

TEST_CASE("file source: the extents of a window are those of the file, cut to it", "[formats][byte_source]") {
    const Disk disk;
    const ByteRange part{{16 << 10}, {40 << 10}};
    const FileSource source(File::open(disk.path(), O_RDONLY).window(part, "part"));
    CHECK(source.size() == ByteCount{40 << 10});
    CHECK(source.extent_at({0}) == Extent{{0}, {16 << 10}, ExtentKind::data});
    CHECK(source.extent_at({16 << 10}) == Extent{{16 << 10}, {24 << 10}, ExtentKind::unallocated});
}

TEST_CASE("file source: a window reads nothing outside itself", "[formats][byte_source]") {
    const Disk disk;
    const FileSource source(File::open(disk.path(), O_RDONLY).window({{100 << 10}, {100}}, "part"));
    Bytes out(100);
    source.read_at({}, out);
    CHECK(out == Bytes(100, std::byte{2}));
    CHECK(read_failure(source, 0, 101) == ErrorCode::corrupt);
    CHECK(read_failure(source, ~std::uint64_t{0} - (100 << 10) + 1, 1) == ErrorCode::corrupt);
    CHECK(source.name() == "part");
    CHECK(source.place({7}) == "'part' at byte 7");
}

TEST_CASE("file source: a file that grows has its new size, bytes and extents", "[formats][byte_source]") {
    const Disk disk;
    const ByteSourcePtr source = open_file_source(disk.path());
    CHECK(source->extent_at({100 << 10}).end() == ByteOffset{128 << 10});
    disk.put(160 << 10, Bytes(4 << 10, std::byte{3}));
    CHECK(source->size() == ByteCount{164 << 10});
    Bytes out(4 << 10);
    source->read_at({160 << 10}, out);
    CHECK(out == Bytes(4 << 10, std::byte{3}));
    CHECK(source->extent_at({128 << 10}) == Extent{{128 << 10}, {32 << 10}, ExtentKind::unallocated});
    CHECK(source->extent_at({160 << 10}) == Extent{{160 << 10}, {4 << 10}, ExtentKind::data});
    source->read_at({0}, out);
    CHECK(out == Bytes(4 << 10, std::byte{1}));
}

TEST_CASE("file source: a file that became shorter is corrupt past its new end", "[formats][byte_source]") {
    const Disk disk;
    const ByteSourcePtr source = open_file_source(disk.path());
    std::filesystem::resize_file(disk.path(), 10);
    CHECK(source->size() == ByteCount{10});
    CHECK(read_failure(*source, 0, 10) == std::nullopt);
    CHECK(read_failure(*source, 5, 10) == ErrorCode::corrupt);
    CHECK_THROWS_AS(source->extent_at({100 << 10}), Error);
}

TEST_CASE("file source: a write after it was opened is noticed", "[formats][byte_source]") {
    const Disk disk;
    const ByteSourcePtr source = open_file_source(disk.path());
    CHECK_NOTHROW(source->check_unchanged());
    disk.put(50 << 10, Bytes(1, std::byte{9}));
    try {
        source->check_unchanged();
        FAIL("no error");
    } catch (const Error& e) {
        CHECK(e.code() == ErrorCode::refused);
        CHECK_THAT(e.what(), ContainsSubstring(disk.path()));
    }
}

TEST_CASE("file source: a changed first 4 KiB is noticed, even at the same time and size", "[formats][byte_source]") {
    const Disk disk;
    const ByteSourcePtr source = open_file_source(disk.path());
    disk.put(4095, Bytes(1, std::byte{9}));
    disk.make_old();
    CHECK_THROWS_AS(source->check_unchanged(), Error);
}

TEST_CASE("file source: reading does not count as a change", "[formats][byte_source]") {
    const Disk disk;
    const ByteSourcePtr source = open_file_source(disk.path());
    CHECK(read_failure(*source, 0, 128 << 10) == std::nullopt);
    CHECK(read_failure(*open_file_source(disk.path()), 0, 128 << 10) == std::nullopt);
    CHECK_NOTHROW(source->check_unchanged());
}

TEST_CASE("file source: what the system refuses to read is an I/O error", "[formats][byte_source]") {
    const Disk disk;
    const FileSource source(File::open(disk.path(), O_WRONLY));  // the watch does without the first bytes
    CHECK(read_failure(source, 0, 1) == ErrorCode::io);
    CHECK_NOTHROW(source.check_unchanged());
}

TEST_CASE("file source: two names of one file have one identity", "[formats][byte_source]") {
    const Disk disk;
    std::filesystem::create_hard_link(disk.path(), disk.other("link"));
    std::filesystem::copy_file(disk.path(), disk.other("copy"));
    const ByteSourcePtr source = open_file_source(disk.path());
    CHECK(source->identity() == open_file_source(disk.other("link"))->identity());
    CHECK(source->identity() != open_file_source(disk.other("copy"))->identity());
    REQUIRE(source->file() != nullptr);
    CHECK(source->file()->path() == disk.path());
}

TEST_CASE("file source: the identity of a window has its begin", "[formats][byte_source]") {
    const Disk disk;
    const File whole = File::open(disk.path(), O_RDONLY);
    const FileSource source(whole.window({{4096}, {100}}, "part"));
    CHECK(source.identity() == SourceIdentity{whole.identity(), {4096}, {}});
}

}  // namespace varve::file_source_test
