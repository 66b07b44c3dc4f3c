#include "formats/lvm/cow_snapshot_reader.h"

#include <map>
#include <random>

#include "engine/base/hex.h"
#include "formats/base/reader_source.h"
#include "tests/catch.h"
#include "tests/contract/image_reader_contract.h"
#include "tests/fakes/memory_image.h"
#include "tests/formats/lvm/dm_table.h"
#include "tests/formats/lvm/fixture.h"
#include "tests/formats/lvm/store_builder.h"
#include "tests/support/reader_support.h"

namespace varve::lvm_test {
namespace {

using lvm::CowSnapshotReader;
using lvm::ExceptionStore;

CowSnapshotReader fixture_snapshot(const DmTable& table, const std::string& snapshot, const std::string& origin) {
    const auto below = table.open("vgs-" + origin + "-real");
    return {below, std::make_shared<ExceptionStore>(source_of(table.open("vgs-" + snapshot + "-cow")),
                                                    lvm::SnapshotShape{below->info().virtual_size, kib(4)})};
}

std::shared_ptr<fakes::MemoryImage> random_image(std::mt19937_64& random, std::uint64_t size) {
    auto image = std::make_shared<fakes::MemoryImage>(size);
    const std::uint64_t blocks = divide_up(size, 4096);
    for (int i = 0; i < 10; ++i) {
        const std::uint64_t at = random() % blocks * 4096;
        const std::uint64_t length = std::min(size - at, (1 + random() % 20) * 4096);
        if (i % 5 == 0)
            image->clear(at, length, ExtentKind::zero);
        else
            image->write_random(random, at, length);
    }
    return image;
}

struct Model {
    std::shared_ptr<fakes::MemoryImage> origin;
    std::shared_ptr<fakes::MemoryImage> device;
    Bytes bytes;
    std::vector<ExtentKind> kinds;  ///< of each byte
};

/// A store with random chunks in random order, and the contents of the snapshot, chunk by chunk.
Model random_snapshot(std::mt19937_64& random, std::uint64_t chunk) {
    Model model;
    const std::uint64_t size = (300 << 10) + random() % 10'000;
    model.origin = random_image(random, size);
    StoreBuilder builder(chunk);
    std::map<std::uint64_t, std::uint64_t> exceptions;
    for (std::uint64_t origin_chunk = 0; origin_chunk < divide_up(size, chunk); ++origin_chunk)
        if (random() % 3 != 0) exceptions[origin_chunk] = builder.next_data_chunk();
    std::vector<std::pair<std::uint64_t, std::uint64_t>> list(exceptions.begin(), exceptions.end());
    if (random() % 2 == 0) std::shuffle(list.begin(), list.end(), random);
    for (const auto& [origin_chunk, stored] : list) builder.exception(origin_chunk, stored);
    model.device = random_image(random, builder.bytes().size());
    const std::uint64_t metadata_chunks = divide_up(list.size() + 1, builder.exceptions_per_area());
    model.device->write(0, ByteView(builder.bytes()).first(chunk));
    for (std::uint64_t area = 0; area < metadata_chunks; ++area) {
        const std::uint64_t at = (1 + area * (builder.exceptions_per_area() + 1)) * chunk;
        if (at < builder.bytes().size()) model.device->write(at, ByteView(builder.bytes()).subspan(at, chunk));
    }
    for (std::uint64_t at = 0; at < size; ++at) {
        const auto found = exceptions.find(at / chunk);
        const bool is_stored = found != exceptions.end();
        const fakes::MemoryImage& below = is_stored ? *model.device : *model.origin;
        const std::uint64_t below_at = is_stored ? found->second * chunk + at % chunk : at;
        const ExtentKind kind = below.extent_at({below_at}).kind;
        model.bytes.push_back(below.bytes()[below_at]);
        model.kinds.push_back(is_stored && kind == ExtentKind::unallocated ? ExtentKind::zero : kind);
    }
    return model;
}

CowSnapshotReader open_model(const Model& model) {
    const auto device = std::make_shared<const ReaderSource>(model.device, "cow");
    return {model.origin,
            std::make_shared<ExceptionStore>(device, lvm::SnapshotShape{model.origin->info().virtual_size, kib(4)})};
}

}  // namespace

TEST_CASE("lvm snapshots: every snapshot of the fixture reads as the kernel presented it", "[lvm][cow]") {
    const DmTable table("snap");
    int compared = 0;
    for (const auto& row : fixture_table("snap", "MANIFEST.tsv")) {
        const std::string mark = "cow-snapshot-of:";
        if (row.at(3).substr(0, mark.size()) != mark || row.at(5) == "INVALID") continue;
        INFO(row.at(1));
        const CowSnapshotReader snapshot = fixture_snapshot(table, row.at(1), row.at(3).substr(mark.size()));
        CHECK(to_hex(reader_test::digest_of(snapshot).view()) == row.at(5));
        ++compared;
    }
    CHECK(compared == 10);
}

TEST_CASE("lvm snapshots: the origin of a pending merge reads as it will after the merge", "[lvm][cow]") {
    const DmTable table("snap");
    for (const auto& row : fixture_table("snap", "MANIFEST.tsv"))
        if (row.at(1) == "opend")
            CHECK(to_hex(reader_test::digest_of(fixture_snapshot(table, "spend", "opend")).view()) == row.at(5));
    CHECK(table.target("vgs-opend") == "snapshot-merge");
}

TEST_CASE("lvm snapshots: reading any range gives the same bytes as reading chunk by chunk", "[lvm][cow]") {
    constexpr std::uint64_t seed = 20261122;
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    for (const std::uint64_t chunk : {512u, 4096u, 16384u, 65536u})
        for (int i = 0; i < 5; ++i) {
            CAPTURE(chunk, i);
            const Model model = random_snapshot(random, chunk);
            const CowSnapshotReader reader = open_model(model);
            REQUIRE((reader_test::read_all(reader) == model.bytes));
            for (const Extent& extent : contract::walk_extents(reader))
                for (std::uint64_t at = extent.begin.value; at < extent.end().value; ++at)
                    if (model.kinds[at] != extent.kind) FAIL("byte " << at << " is of another kind");
        }
}

TEST_CASE("contract: lvm snapshots", "[lvm][cow][contract][pipeline]") {
    std::mt19937_64 random(8);
    for (const std::uint64_t chunk : {512u, 4096u, 65536u}) {
        const Model model = random_snapshot(random, chunk);
        contract::check_image_reader(open_model(model), model.bytes);
    }
}

TEST_CASE("lvm snapshots: a snapshot that was never written reads as the origin, with the same holes", "[lvm][cow]") {
    const auto origin = std::make_shared<fakes::MemoryImage>(mib(1).value);
    origin->write(8192, Bytes(4096, std::byte{7}));
    const CowSnapshotReader reader(
        origin, std::make_shared<ExceptionStore>(bytes_device(Bytes(65536)), lvm::SnapshotShape{mib(1), kib(4)}));
    CHECK(reader.extent_at({}) == Extent{{}, {8192}, ExtentKind::unallocated});
    CHECK((reader_test::read_all(reader) == origin->bytes()));
    CHECK(reader.bytes_read().value == 4096);
}

}  // namespace varve::lvm_test
