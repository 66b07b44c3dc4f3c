#include "formats/base/table_pages.h"

#include <memory>

#include "tests/catch.h"
#include "tests/fakes/memory_source.h"

namespace varve::table_pages_test {
namespace {

using fakes::MemorySource;

constexpr std::uint64_t page_bytes = 64 << 10;

/// Every 8 bytes hold their own number, little-endian.
Bytes numbered(std::uint64_t words) {
    Bytes bytes(static_cast<std::size_t>(words * 8));
    for (std::uint64_t i = 0; i < words; ++i)
        store_le<std::uint64_t>(ByteSpan(bytes).subspan(static_cast<std::size_t>(i * 8)), i);
    return bytes;
}

struct Fixture {
    explicit Fixture(std::uint64_t words) : source(numbered(words)) { source.records = true; }

    /// The numbers that `entries` hold.
    static std::vector<std::uint64_t> numbers_of(const TableEntries& entries) {
        std::vector<std::uint64_t> numbers;
        for (std::size_t i = 0; i < entries.count; ++i) numbers.push_back(load_le<std::uint64_t>(entries[i]));
        return numbers;
    }

    MemorySource source;
    std::shared_ptr<ReadCaches> caches = std::make_shared<ReadCaches>();
};

constexpr ByteRange range(std::uint64_t begin, std::uint64_t length) { return {{begin}, {length}}; }

}  // namespace

TEST_CASE("table pages: entries reach from the one asked for to the end of their page", "[formats][table_pages]") {
    const Fixture f(3 * page_bytes / 8);
    const TablePages pages(f.source, 8, f.caches);
    const ByteRange table = range(0, 3 * page_bytes);
    for (const std::uint64_t entry : {0U, 1U, 8191U, 8192U, 20000U, 24575U}) {
        CAPTURE(entry);
        const auto numbers = Fixture::numbers_of(pages.entries_from(table, entry));
        REQUIRE(numbers.size() == 8192 - entry % 8192);
        CHECK(numbers.front() == entry);
        CHECK(numbers.back() == entry / 8192 * 8192 + 8191);
    }
}

TEST_CASE("table pages: the last page ends with the table, not with the source", "[formats][table_pages]") {
    const Fixture f(3 * page_bytes / 8);
    const TablePages pages(f.source, 8, f.caches);
    CHECK(pages.entries_from(range(0, page_bytes + 800), 8192).count == 100);
    CHECK(pages.entries_from(range(0, page_bytes + 800), 8291).count == 1);
    CHECK(f.source.reads == std::vector{range(page_bytes, 800)});
}

TEST_CASE("table pages: pages are counted from the beginning of the table", "[formats][table_pages]") {
    const Fixture f(3 * page_bytes / 8);
    const TablePages pages(f.source, 8, f.caches);
    const TableEntries entries = pages.entries_from(range(4096, 2 * page_bytes), 8192 + 10);
    CHECK(load_le<std::uint64_t>(entries[0]) == 4096 / 8 + 8192 + 10);
    CHECK(entries.count == 8192 - 10);
    CHECK(f.source.reads == std::vector{range(4096 + page_bytes, page_bytes)});
}

TEST_CASE("table pages: entries of any power of two are whole", "[formats][table_pages]") {
    const Fixture f(64);
    for (const std::size_t entry_bytes : {1U, 4U, 8U, 16U, 512U}) {
        CAPTURE(entry_bytes);
        const TablePages pages(f.source, entry_bytes, f.caches);
        for (std::uint64_t entry = 0; entry < 512 / entry_bytes; ++entry) {
            const TableEntries entries = pages.entries_from(range(0, 512), entry);
            CHECK(entries.count == 512 / entry_bytes - entry);
            for (std::size_t i = 0; i < entries.count; ++i) {
                const ByteView expected = ByteView(f.source.bytes).subspan((entry + i) * entry_bytes, entry_bytes);
                CHECK(std::ranges::equal(entries[i], expected));
            }
        }
    }
}

TEST_CASE("table pages: bytes after the last whole entry are not an entry", "[formats][table_pages]") {
    const Fixture f(4);
    const TablePages pages(f.source, 8, f.caches);
    CHECK(pages.entries_from(range(0, 31), 0).count == 3);
}

TEST_CASE("table pages: a page is read once, whichever of its entries is asked for", "[formats][table_pages]") {
    const Fixture f(2 * page_bytes / 8);
    const TablePages pages(f.source, 8, f.caches);
    for (const std::uint64_t entry : {5U, 8191U, 0U, 100U}) pages.entries_from(range(0, 2 * page_bytes), entry);
    CHECK(f.source.reads == std::vector{range(0, page_bytes)});
}

TEST_CASE("table pages: tables of two kinds at one offset do not share a page", "[formats][table_pages]") {
    const Fixture f(page_bytes / 8);
    const TablePages one(f.source, 8, f.caches);
    const TablePages other(f.source, 16, f.caches);
    CHECK(one.entries_from(range(0, 512), 0).count == 64);
    CHECK(other.entries_from(range(0, 4096), 0).count == 256);
    CHECK(f.source.reads == std::vector{range(0, 512), range(0, 4096)});
}

TEST_CASE("table pages: entries stay valid when the cache has dropped their page", "[formats][table_pages]") {
    Fixture f(8 * page_bytes / 8);
    f.caches = std::make_shared<ReadCaches>(ByteCount{page_bytes});
    const TablePages pages(f.source, 8, f.caches);
    const ByteRange table = range(0, 8 * page_bytes);
    const TableEntries kept = pages.entries_from(table, 3);
    for (std::uint64_t page = 1; page < 8; ++page) pages.entries_from(table, page * 8192);
    CHECK(load_le<std::uint64_t>(kept[0]) == 3);
    CHECK(load_le<std::uint64_t>(kept[kept.count - 1]) == 8191);
    f.source.reads.clear();
    pages.entries_from(table, 0);
    CHECK(f.source.reads == std::vector{range(0, page_bytes)});
}

TEST_CASE("table pages: an area that has grown has its new entries", "[formats][table_pages]") {
    Fixture f(16);
    const TablePages pages(f.source, 8, f.caches);
    CHECK(pages.entries_from(range(0, 128), 15).count == 1);
    f.source.bytes = numbered(100);
    CHECK(Fixture::numbers_of(pages.entries_from(range(0, 800), 98)) == std::vector<std::uint64_t>{98, 99});
    CHECK(pages.entries_from(range(0, 128), 15).count == 1);
}

TEST_CASE("table pages: a source that became shorter is corrupt, and so is every later attempt",
          "[formats][table_pages]") {
    Fixture f(100);
    const TablePages pages(f.source, 8, f.caches);
    f.source.bytes.resize(128);
    for (int attempt = 0; attempt < 2; ++attempt) {
        try {
            pages.entries_from(range(0, 800), 0);
            FAIL("no error");
        } catch (const Error& e) {
            CHECK(e.code() == ErrorCode::corrupt);
        }
    }
}

TEST_CASE("table pages: a read error passes through and is not kept", "[formats][table_pages]") {
    Fixture f(100);
    const TablePages pages(f.source, 8, f.caches);
    f.source.unreadable = {range(400, 1)};
    try {
        pages.entries_from(range(0, 800), 0);
        FAIL("no error");
    } catch (const Error& e) {
        CHECK(e.code() == ErrorCode::io);
    }
    f.source.unreadable.clear();
    CHECK(pages.entries_from(range(0, 800), 0).count == 100);
}

}  // namespace varve::table_pages_test
