#include "engine/base/error.h"
#include "engine/image/tolerant_reader.h"
#include "tests/catch.h"
#include "tests/fakes/failing_image.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

fakes::MemoryImage random_disk(std::uint64_t seed, std::uint64_t size) {
    std::mt19937_64 random(seed);
    fakes::MemoryImage disk(size);
    disk.write_random(random, 0, size);
    return disk;
}

/// A disk that another process writes to as soon as it has been read.
class ChangingImage final : public ImageReader {
public:
    explicit ChangingImage(const fakes::MemoryImage& disk) : disk_(disk) {}
    const ImageInfo& info() const override { return disk_.info(); }
    Extent extent_at(ByteOffset at) const override { return disk_.extent_at(at); }
    void read(ByteOffset at, ByteSpan out) const override { disk_.read(at, out); }
    ByteCount bytes_read() const override { return disk_.bytes_read(); }
    std::vector<ByteRange> unreadable() const override { return disk_.unreadable(); }
    std::vector<std::string> late_warnings() const override { return disk_.late_warnings(); }
    void check_unchanged() const override {
        if (bytes_read().value != 0) throw Error(ErrorCode::refused, "the image changed");
    }

private:
    const fakes::MemoryImage& disk_;
};

}  // namespace

TEST_CASE("backup: a source that changed while it was read becomes no snapshot, and is not read again",
          "[engine][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage disk = random_disk(1, 5 * chunk_bytes);
    repository.backup(fakes::MemoryImage(1 << 20), "d");
    const LogHead before = repository.catalog->head();
    REQUIRE_THROWS_WITH(repository.backup(ChangingImage(disk), "d"), "the image changed");
    CHECK(disk.bytes_read().value == disk.bytes().size());
    CHECK(repository.snapshots().size() == 1);
    CHECK(repository.catalog->head() == before);
    CHECK(repository.progress.warnings.empty());
}

TEST_CASE("backup: unreadable ranges are recorded with the snapshot, which has zeros there", "[engine][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage disk = random_disk(2, 40 * chunk_bytes + 777);
    const std::vector<ByteRange> bad{{{8192}, {4096}}, {{33 * chunk_bytes}, {2 * chunk_bytes}}};
    const TolerantReader reader(std::make_unique<fakes::FailingImage>(disk, bad));
    const SnapshotRecord snapshot = repository.backup(reader, "d");
    CHECK(snapshot.unreadable == bad);
    CHECK(repository.snapshots().back().unreadable == bad);
    Bytes expected = disk.bytes();
    for (const ByteRange& range : bad)
        std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(range.begin.value), range.length.value,
                    std::byte{0});
    CHECK((repository.restored_bytes(snapshot) == expected));
    CHECK(repository.verify().findings.empty());
    // At the next backup it was readable, so nothing is missing.
    const SnapshotRecord next = repository.backup(fakes::MemoryImage(disk), "d");
    CHECK(next.unreadable.empty());
    CHECK((repository.restored_bytes(next) == disk.bytes()));
}
