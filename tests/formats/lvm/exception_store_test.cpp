#include "formats/lvm/exception_store.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/base/reader_source.h"
#include "tests/catch.h"
#include "tests/fakes/steady_image.h"
#include "tests/formats/lvm/dm_table.h"
#include "tests/formats/lvm/fixture.h"
#include "tests/formats/lvm/store_builder.h"
#include "tests/fuzz/exception_store_walk.h"
#include "tests/support/build_paths.h"
#include "tests/support/long_test.h"
#include "tests/support/writer_support.h"

namespace varve::lvm_test {
namespace {

using lvm::ExceptionStore;

constexpr ByteCount origin_size = mib(1);  // 256 chunks of 4 KiB
constexpr lvm::SnapshotShape shape{origin_size, kib(4)};

ExceptionStore open_store(const StoreBuilder& builder) { return {bytes_device(builder.bytes()), shape}; }
std::string opening_refusal(const StoreBuilder& builder) { return store_refusal(bytes_device(builder.bytes()), shape); }

ExceptionStore fixture_store(const DmTable& table, const std::string& snapshot, const std::string& origin) {
    return {source_of(table.open("vgs-" + snapshot + "-cow")), {table.open(origin)->info().virtual_size, kib(4)}};
}

/// Origin chunk to store chunk.
std::map<std::uint64_t, std::uint64_t> all_exceptions(const ExceptionStore& store) {
    std::map<std::uint64_t, std::uint64_t> result;
    for (std::uint64_t chunk = 0; chunk < store.origin_chunks();) {
        const ExceptionStore::Run run = store.run_at(chunk);
        REQUIRE(run.length > 0);
        REQUIRE(run.length <= store.origin_chunks() - chunk);
        for (std::uint64_t i = 0; run.is_stored && i < run.length; ++i) result[chunk + i] = run.store_chunk + i;
        chunk += run.length;
    }
    return result;
}

/// "19520/49152 88" of each snapshot, as reported by dmsetup status.
std::map<std::string, std::string> snapshot_statuses() {
    std::ifstream in(fixture("snap") / "out.truth/state.active/dmstatus.txt");
    REQUIRE(in);
    std::map<std::string, std::string> result;
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        std::string name, begin, size, target, use, metadata;
        words >> name >> begin >> size >> target >> use >> metadata;
        if (target == "snapshot")
            result[name.substr(4, name.size() - 5)] = use.substr(0, use.find('/')) + " " + metadata;
    }
    return result;
}

}  // namespace

TEST_CASE("exception store: stores written by the kernel are read to the last exception", "[lvm][cow]") {
    const DmTable table("snap");
    const ExceptionStore store = fixture_store(table, "s4k_t0", "vgs-orig-real");
    CHECK(store.chunk_size() == kib(4));
    CHECK(store.exceptions() == 2429);
    CHECK(store.areas() == 10);
    const auto exceptions = all_exceptions(store);
    CHECK(exceptions.size() == 2429);
    CHECK(exceptions.at(256) == 2);
    CHECK(exceptions.at(257) == 3);
    CHECK(exceptions.at(3056) == 257);
    CHECK(exceptions.at(3072) == 259);
    CHECK(exceptions.at(5083) == 2439);
    CHECK(store.device().place({}) == "'p0.raw' at byte 34603008 (byte 0 of 'vgs-s4k_t0-cow')");
}

TEST_CASE("exception store: the space in use is what dmsetup status reports, for every snapshot", "[lvm][cow]") {
    const DmTable table("snap");
    int compared = 0;
    for (const auto& [snapshot, status] : snapshot_statuses()) {
        INFO(snapshot);
        if (snapshot == "sover") continue;
        const std::string origin = snapshot == "sfs_t0"                             ? "vgs-ofs-real"
                                   : snapshot == "sstr"                             ? "vgs-ostr-real"
                                   : snapshot == "sempty" || snapshot == "sarea256" ? "vgs-orig1-real"
                                                                                    : "vgs-orig-real";
        const ExceptionStore store = fixture_store(table, snapshot, origin);
        CHECK(fmt::format("{} {}", store.used().value / 512, store.metadata_used().value / 512) == status);
        ++compared;
    }
    CHECK(compared == 9);
}

TEST_CASE("exception store: a full list continues in the next area, even if that is empty", "[lvm][cow]") {
    const ExceptionStore store = fixture_store(DmTable("snap"), "sarea256", "vgs-orig1-real");
    CHECK(store.exceptions() == 256);
    CHECK(store.areas() == 2);
    CHECK(all_exceptions(store).at(512) == 2);
    CHECK(all_exceptions(store).at(767) == 257);
}

TEST_CASE("exception store: a store that overflowed is refused, with advice", "[lvm][cow]") {
    const DmTable table("snap");
    try {
        fixture_store(table, "sover", "vgs-orig-real");
        FAIL("it opened");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::refused);
        CHECK(std::string(error.what()) ==
              "exception store, 'p0.raw' at byte 124780548 (byte 4 of 'vgs-sover-cow'): the snapshot overflowed or "
              "failed and is lost; remove it with lvremove and take a new one, of a larger size");
    }
}

TEST_CASE("exception store: a store that was never written is empty", "[lvm][cow]") {
    const ExceptionStore store(bytes_device(Bytes(8192)), {{100'000}, kib(64)});
    CHECK(store.exceptions() == 0);
    CHECK(store.chunk_size() == kib(64));
    CHECK(store.run_at(0).length == 2);
    CHECK(!store.run_at(0).is_stored);
    CHECK(!store_refusal(bytes_device(Bytes(8192)), {{100'000}, {12345}}).empty());
}

TEST_CASE("exception store: exceptions may be committed in any order", "[lvm][cow]") {
    StoreBuilder builder;
    builder.exception(9, 5).exception(8, 4).exception(7, 2).exception(255, 3).exception(0, 6).chunk(6, {});
    const ExceptionStore store = open_store(builder);
    CHECK(all_exceptions(store) == std::map<std::uint64_t, std::uint64_t>{{0, 6}, {7, 2}, {8, 4}, {9, 5}, {255, 3}});
    CHECK(store.run_at(1).length == 6);
}

TEST_CASE("exception store: a long run is found as a whole or in parts", "[lvm][cow]") {
    StoreBuilder builder(512);
    const lvm::SnapshotShape large{{std::uint64_t{200'000} * 512}, {512}};
    for (std::uint64_t i = 0; i < 150'000; ++i) builder.exception(1000 + i, builder.next_data_chunk());
    const ExceptionStore store(bytes_device(builder.bytes()), large);
    CHECK(store.exceptions() == 150'000);
    CHECK(store.chunk_size().value == 512);
    CHECK(all_exceptions(store).size() == 150'000);
    CHECK(all_exceptions(store).at(1031) == 34 - 1);
    CHECK(all_exceptions(store).at(1032) == 35);  // after area 1
}

TEST_CASE("exception store: anything after the end of the list was never committed", "[lvm][cow]") {
    StoreBuilder builder;
    builder.exception(9, 2).exception(0, 0).exception(9, 2).exception(123456, 0xffffffff).chunk(2, {});
    CHECK(open_store(builder).exceptions() == 1);
}

TEST_CASE("exception store: the list ends where the device does", "[lvm][cow]") {
    StoreBuilder builder;
    for (std::uint64_t i = 0; i < 256; ++i) builder.exception(255 - i, builder.next_data_chunk());
    const ExceptionStore store = open_store(builder);
    CHECK(store.exceptions() == 256);
    CHECK(store.areas() == 1);
    CHECK(store.run_at(0).store_chunk == 257);
}

TEST_CASE("exception store: every chunk size that the kernel accepts is read", "[lvm][cow]") {
    for (const std::uint64_t chunk : {512u, 1024u, 4096u, 16384u, 65536u, 524288u, 4u << 20}) {
        CAPTURE(chunk);
        StoreBuilder builder(chunk);
        builder.exception(1, 3).chunk(3, {});
        const ExceptionStore store(bytes_device(builder.bytes()), {mib(16), kib(4)});
        CHECK(store.chunk_size().value == chunk);
        CHECK(all_exceptions(store) == std::map<std::uint64_t, std::uint64_t>{{1, 3}});
    }
}

TEST_CASE("exception store: every violation of the rules is refused with its place", "[lvm][cow]") {
    StoreBuilder sound;
    sound.exception(1, 3).chunk(10, {});
    REQUIRE(opening_refusal(sound).empty());
    const auto header = [&](std::size_t word, std::uint32_t value) {
        return opening_refusal(StoreBuilder(sound).header_word(word, value));
    };
    CHECK_THAT(header(0, 7), ContainsSubstring("'cow' at byte 0: it begins with 0x00000007 instead of 0x70416e53"));
    CHECK_THAT(header(1, 0), ContainsSubstring("'cow' at byte 4: the snapshot overflowed"));
    CHECK_THAT(header(1, 2), ContainsSubstring("expected 1 as the mark of a valid snapshot, found 2"));
    CHECK_THAT(header(2, 2), ContainsSubstring("'cow' at byte 8: unknown version 2"));
    for (const std::uint32_t sectors : {0u, 3u, 7u, 0x400000u, 0xffffffffu})
        CHECK_THAT(header(3, sectors), ContainsSubstring("power of two from 512 to 1073741824"));
    CHECK_THAT(header(3, 0x200000), ContainsSubstring("the store has only 45056 bytes"));

    const auto with = [&](std::uint64_t origin, std::uint64_t store) {
        return opening_refusal(StoreBuilder(sound).exception(origin, store));
    };
    CHECK_THAT(with(256, 4), ContainsSubstring("'cow' at byte 4112: an exception is for chunk 256 of the origin"));
    CHECK_THAT(with(~std::uint64_t{0}, 4), ContainsSubstring("of the origin, which has only 256"));
    CHECK_THAT(with(2, 11), ContainsSubstring("chunk 11 of the store, which has only 11"));
    CHECK_THAT(with(2, ~std::uint64_t{0}), ContainsSubstring("of the store, which has only 11"));
    CHECK_THAT(with(2, 1), ContainsSubstring("chunk 1 of the store, which holds a list of exceptions"));
    CHECK_THAT(with(1, 4), ContainsSubstring("two exceptions are for chunk 1 of the origin"));
    CHECK_THAT(with(2, 3), ContainsSubstring("two exceptions are in chunk 3 of the store"));
    CHECK_THAT(opening_refusal(StoreBuilder(sound).chunk(300, {}).exception(2, 258)),
               ContainsSubstring("chunk 258 of the store, which holds a list of exceptions"));
}

TEST_CASE("exception store: a store truncated anywhere is refused, or the rest of it is read correctly", "[lvm][cow]") {
    StoreBuilder builder;
    for (std::uint64_t i = 0; i < 6; ++i) builder.exception(3 * i, builder.next_data_chunk());
    const auto bytes = std::make_shared<Bytes>(builder.bytes());
    const auto whole = all_exceptions(open_store(builder));
    for (std::uint64_t size = 0; size < bytes->size(); ++size) {
        const ByteSourcePtr device = bytes_device(bytes, size);
        const std::string text = store_refusal(device, shape);
        if (text.find("'cow' at byte ") == std::string::npos) FAIL("opened with " << size << " bytes: " << text);
    }
    CHECK(all_exceptions(ExceptionStore(bytes_device(bytes, bytes->size()), shape)) == whole);
}

TEST_CASE("exception store: flipped bits are refused, or yield only chunks that exist", "[lvm][cow]") {
    constexpr std::uint32_t seed = 41;
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    StoreBuilder builder;
    for (std::uint64_t i = 0; i < 200; ++i) builder.exception(i + i / 10, builder.next_data_chunk());
    int refused = 0;
    for (int i = 0; i < test_rounds(3000); ++i) {
        Bytes bytes = builder.bytes();
        const std::size_t at = random() % 3 == 0 ? random() % 16 : 4096 + random() % 3300;
        bytes[at] ^= std::byte{1} << (random() % 8);
        try {
            const ExceptionStore store(bytes_device(std::move(bytes)), shape);
            for (const auto& [origin, stored] : all_exceptions(store))
                REQUIRE(stored * store.chunk_size().value < builder.bytes().size());
        } catch (const Error& error) {
            REQUIRE_THAT(error.what(), ContainsSubstring("'cow' at byte "));
            ++refused;
        }
    }
    CHECK(refused > test_rounds(1000));
}

TEST_CASE("fuzz corpus: every exception store is read according to its list, or refused", "[lvm][cow][bad-input]") {
    int opened = 0;
    int refused = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(test::source_path("tests/fuzz/corpus/exception_store"))) {
        INFO(entry.path());
        ++(fuzz::exception_store::run(writer_test::read_file(entry.path().string())) ? opened : refused);
    }
    CHECK(opened >= 6);
    CHECK(refused >= 3);
}

TEST_CASE("exception store: more runs than the memory limit allows are refused", "[lvm][cow]") {
    // 16 Mi exceptions, no two of them consecutive, generated as they are read.
    class Endless final : public fakes::SteadyImage {
    public:
        Endless() { info_.virtual_size = {std::uint64_t{1} << 40}; }
        const ImageInfo& info() const override { return info_; }
        Extent extent_at(ByteOffset at) const override { return {at, ByteOffset{} + info_.virtual_size - at}; }
        void read(ByteOffset at, ByteSpan out) const override {
            if (at.value == 0) {
                std::copy_n(StoreBuilder().bytes().begin(), out.size(), out.begin());
                return;
            }
            for (std::size_t i = 0; i < out.size(); i += 16) {
                const std::uint64_t chunk = at.value / 4096 + i / 16 + 1;
                store_le(out.subspan(i), 2 * chunk);
                store_le(out.subspan(i + 8), chunk);
            }
        }
        ByteCount bytes_read() const override { return {}; }

    private:
        ImageInfo info_;
    };
    const auto device = std::make_shared<const ReaderSource>(std::make_shared<Endless>(), "endless");
    CHECK_THAT(store_refusal(device, {{std::uint64_t{1} << 50}, kib(4)}), ContainsSubstring("more than 16777216"));
}

}  // namespace varve::lvm_test
