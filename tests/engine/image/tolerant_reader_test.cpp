#include "engine/image/tolerant_reader.h"

#include <random>
#include <thread>

#include "engine/backup/segment_scan.h"
#include "tests/catch.h"
#include "tests/fakes/failing_image.h"
#include "tests/support/long_test.h"

using namespace varve;

namespace {

constexpr std::uint64_t block = TolerantReader::block_bytes;

fakes::MemoryImage random_disk(std::uint64_t seed, std::uint64_t size) {
    std::mt19937_64 random(seed);
    fakes::MemoryImage disk(size);
    disk.write_random(random, 0, size);
    return disk;
}

TolerantReader tolerant(const fakes::MemoryImage& disk, const std::vector<ByteRange>& bad) {
    return TolerantReader(std::make_unique<fakes::FailingImage>(disk, bad));
}

Bytes read_in_pieces(const ImageReader& reader, std::size_t piece) {
    Bytes bytes(static_cast<std::size_t>(reader.info().virtual_size.value), std::byte{0x5a});
    for (std::size_t at = 0; at < bytes.size(); at += piece)
        reader.read(ByteOffset{at}, ByteSpan(bytes).subspan(at, std::min(piece, bytes.size() - at)));
    return bytes;
}

Bytes with_zeros(Bytes bytes, const std::vector<ByteRange>& ranges) {
    for (const ByteRange& range : ranges)
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(range.begin.value), range.length.value, std::byte{0});
    return bytes;
}

std::string failure_of(const ImageReader& reader, ByteRange range, ErrorCode code) {
    Bytes bytes(static_cast<std::size_t>(range.length.value));
    try {
        reader.read(range.begin, bytes);
        return {};
    } catch (const Error& error) {
        CHECK(error.code() == code);
        return error.what();
    }
}

}  // namespace

TEST_CASE("tolerant reader: a healthy medium is read unchanged", "[engine]") {
    const fakes::MemoryImage disk = random_disk(1, 100 * block + 123);
    const TolerantReader reader = tolerant(disk, {});
    CHECK((read_in_pieces(reader, 100000) == disk.bytes()));
    CHECK(reader.unreadable().empty());
    CHECK(reader.bytes_read() == disk.bytes_read());
}

TEST_CASE(
    "tolerant reader: whole blocks around bad sectors are zeros, all other bytes are read, whatever the sizes of "
    "the reads",
    "[engine]") {
    const fakes::MemoryImage disk = random_disk(2, 100 * block + 123);
    const std::vector<ByteRange> bad{{{0}, {1}},                   // the first byte
                                     {{10 * block + 512}, {512}},  // one sector
                                     {{20 * block - 1}, {2}},      // two blocks
                                     {{30 * block}, {block}},      // two that are neighbours
                                     {{31 * block + 5}, {1}},      //
                                     {{100 * block + 122}, {1}}};  // the last byte, in a block that is cut off
    const std::vector<ByteRange> expected{{{0}, {block}},
                                          {{10 * block}, {block}},
                                          {{19 * block}, {2 * block}},
                                          {{30 * block}, {2 * block}},
                                          {{100 * block}, {123}}};
    for (const std::size_t piece :
         {std::size_t{block}, std::size_t{3 * block}, std::size_t{64 * block}, std::size_t{1} << 20}) {
        INFO("pieces of " << piece);
        const TolerantReader reader = tolerant(disk, bad);
        CHECK((read_in_pieces(reader, piece) == with_zeros(disk.bytes(), expected)));
        CHECK(reader.unreadable() == expected);
    }
}

TEST_CASE("tolerant reader: what was given up is not read again and stays zero", "[engine]") {
    const fakes::MemoryImage disk = random_disk(3, 512 * block);
    auto failing = std::make_unique<fakes::FailingImage>(disk, std::vector<ByteRange>{{{77 * block}, {512}}});
    const auto& medium = *failing;
    const TolerantReader reader(std::move(failing));
    const Bytes first = read_in_pieces(reader, 256 * block);
    const int failures = medium.failures.load();
    CHECK(failures == 9);  // 256 blocks are halved eight times down to one
    CHECK((read_in_pieces(reader, 256 * block) == first));
    CHECK((read_in_pieces(reader, 1000) == first));
    CHECK(medium.failures.load() == failures);
}

TEST_CASE("tolerant reader: random bad places, random reads: all bytes not reported unreadable are right", "[engine]") {
    const auto seed = GENERATE(range(1u, 1 + test_rounds(8u)));
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const fakes::MemoryImage disk = random_disk(seed, 300 * block + random() % block);
    const std::uint64_t size = disk.bytes().size();
    std::vector<ByteRange> bad;
    for (int i = 0; i < 12; ++i) {
        const std::uint64_t begin = random() % size;
        bad.push_back({{begin}, {std::min(size - begin, 1 + random() % (3 * block))}});
    }
    const TolerantReader reader = tolerant(disk, bad);
    for (int i = 0; i < 300; ++i) {
        const std::uint64_t begin = random() % size;
        Bytes bytes(static_cast<std::size_t>(std::min(size - begin, random() % (40 * block))), std::byte{0x5a});
        reader.read({begin}, bytes);
        const Bytes expected = with_zeros(disk.bytes(), reader.unreadable());
        REQUIRE(std::equal(bytes.begin(), bytes.end(), expected.begin() + static_cast<std::ptrdiff_t>(begin)));
    }
    const std::vector<ByteRange> ranges = reader.unreadable();
    for (std::size_t i = 1; i < ranges.size(); ++i) REQUIRE(ranges[i - 1].end() < ranges[i].begin);
    for (const ByteRange& range : ranges) {
        const auto touches = [&](const ByteRange& b) {
            return b.begin.value / block * block < range.end().value &&
                   range.begin.value < divide_up(b.end().value, block) * block;
        };
        REQUIRE(std::any_of(bad.begin(), bad.end(), touches));
    }
}

TEST_CASE("tolerant reader: other errors, and a map that the medium cannot read, are passed on", "[engine]") {
    const fakes::MemoryImage disk = random_disk(4, 64 * block);
    const std::vector<ByteRange> bad{{{5 * block}, {1}}};
    for (const ErrorCode code : {ErrorCode::refused, ErrorCode::cancelled}) {
        const TolerantReader reader(std::make_unique<fakes::FailingImage>(disk, bad, code));
        CHECK(failure_of(reader, {{0}, {64 * block}}, code) == "cannot read at offset 20480");
        CHECK(reader.unreadable().empty());
    }
    auto failing = std::make_unique<fakes::FailingImage>(disk, bad);
    failing->map_fails = true;
    const TolerantReader reader(std::move(failing));
    CHECK(failure_of(reader, {{0}, {64 * block}}, ErrorCode::io) == "the map cannot be read");
    CHECK(reader.unreadable().empty());
}

TEST_CASE("tolerant reader: damage is given up like bytes that cannot be read, however much it is", "[engine]") {
    const fakes::MemoryImage disk = random_disk(7, TolerantReader::bytes_max.value + 16 * block);
    const std::vector<ByteRange> bad{{{0}, {TolerantReader::bytes_max.value + block}}};
    auto failing = std::make_unique<fakes::FailingImage>(disk, bad, ErrorCode::corrupt);
    failing->map_fails_in_bad = true;
    const TolerantReader reader(std::move(failing));
    CHECK(reader.extent_at({block + 5}) == Extent{{block + 5}, {block - 5}, ExtentKind::data});
    CHECK((read_in_pieces(reader, 1 << 20) == with_zeros(disk.bytes(), bad)));
    CHECK(reader.unreadable() == bad);
}

TEST_CASE("tolerant reader: a missing medium is an error, not a disk of zeros", "[engine]") {
    const fakes::MemoryImage disk = random_disk(5, TolerantReader::bytes_max.value + block);
    const TolerantReader gone = tolerant(disk, {{{0}, {disk.bytes().size()}}});
    const std::string text = failure_of(gone, {{0}, {disk.bytes().size()}}, ErrorCode::io);
    CHECK_THAT(text, ContainsSubstring("more than 64 MiB is unreadable"));
    CHECK_THAT(text, ContainsSubstring("ddrescue"));

    std::vector<ByteRange> scattered;
    for (std::uint64_t i = 0; i <= TolerantReader::ranges_max; ++i) scattered.push_back({{2 * i * block}, {1}});
    const TolerantReader worn = tolerant(disk, scattered);
    CHECK_THAT(failure_of(worn, {{0}, {2 * (TolerantReader::ranges_max + 1) * block}}, ErrorCode::io),
               ContainsSubstring("more than 4096 places"));
    scattered.pop_back();
    const TolerantReader old = tolerant(disk, scattered);
    CHECK(failure_of(old, {{0}, {2 * (TolerantReader::ranges_max + 1) * block}}, ErrorCode::io).empty());
    CHECK(old.unreadable().size() == TolerantReader::ranges_max);
}

TEST_CASE("tolerant reader: many threads give up the same blocks", "[engine][pipeline]") {
    const fakes::MemoryImage disk = random_disk(6, 256 * block);
    const std::vector<ByteRange> bad{{{3 * block}, {1}}, {{64 * block - 1}, {2}}, {{200 * block}, {9 * block}}};
    const TolerantReader reader = tolerant(disk, bad);
    std::vector<Bytes> copies(4);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < copies.size(); ++i)
        threads.emplace_back([&reader, &copy = copies[i], i] { copy = read_in_pieces(reader, (i + 1) * 7 * block); });
    for (std::thread& thread : threads) thread.join();
    const std::vector<ByteRange> expected{
        {{3 * block}, {block}}, {{63 * block}, {2 * block}}, {{200 * block}, {9 * block}}};
    CHECK(reader.unreadable() == expected);
    for (const Bytes& copy : copies) CHECK((copy == with_zeros(disk.bytes(), expected)));
}
