#pragma once
/// What every ByteSource must do: one function a sentence of its contract, run over every implementation. A source
/// should have data and, if it has a map, holes; and fit in memory.

#include <algorithm>
#include <limits>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include "engine/base/error.h"
#include "formats/base/byte_source.h"
#include "tests/catch.h"

namespace varve::contract {

/// The code of the Error that reading this range throws; nothing if it is read.
inline std::optional<ErrorCode> read_failure(const ByteSource& source, std::uint64_t at, std::size_t length) {
    Bytes out(length);
    try {
        source.read_at(ByteOffset{at}, out);
    } catch (const Error& e) {
        return e.code();
    }
    return std::nullopt;
}

/// Ranges inside `size` bytes: at the beginning, in the middle and up to the end; empty ones too.
inline std::vector<std::pair<std::uint64_t, std::size_t>> ranges_inside(std::uint64_t size) {
    const auto all = static_cast<std::size_t>(size);
    std::vector<std::pair<std::uint64_t, std::size_t>> ranges{{0, 0}, {0, all}, {size, 0}};
    if (size == 0) return ranges;
    ranges.insert(ranges.end(), {{0, 1}, {size - 1, 1}, {size / 2, all - all / 2}, {size / 3, all / 3}});
    for (std::uint64_t at = 0; at < size; at += 4093) ranges.emplace_back(at, std::min<std::size_t>(777, all - at));
    return ranges;
}

inline void its_size_is_that_of_its_bytes(const ByteSource& source, ByteView whole) {
    CHECK(source.size() == ByteCount{whole.size()});
}

inline void a_range_inside_is_read_in_full(const ByteSource& source, ByteView whole) {
    for (const auto& [at, length] : ranges_inside(whole.size())) {
        CAPTURE(at, length);
        Bytes out(length, std::byte{0x5a});
        source.read_at(ByteOffset{at}, out);
        REQUIRE(std::ranges::equal(out, whole.subspan(static_cast<std::size_t>(at), length)));
    }
}

inline void a_range_that_reaches_past_the_end_is_corrupt(const ByteSource& source, ByteView whole) {
    constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t size = whole.size();
    for (const std::uint64_t at : {size, size + 1, size + 4096, largest / 2 - 1, largest / 2, largest / 2 + 1,
                                   largest - size, largest - 1, largest}) {
        CAPTURE(at);
        for (const std::size_t length : {std::size_t{1}, std::size_t{512}, whole.size() + 1})
            CHECK(read_failure(source, at, length) == ErrorCode::corrupt);
    }
    CHECK(read_failure(source, 0, whole.size() + 1) == ErrorCode::corrupt);
    if (!whole.empty()) CHECK(read_failure(source, size - 1, 2) == ErrorCode::corrupt);
}

inline void read_some_reads_less_only_at_the_end(const ByteSource& source, ByteView whole) {
    Bytes out(1000);
    const std::uint64_t size = whole.size();
    for (const std::uint64_t at :
         {std::uint64_t{0}, size / 2, size - std::min<std::uint64_t>(size, 1000),
          size - std::min<std::uint64_t>(size, 999), size, size + 1, std::numeric_limits<std::uint64_t>::max()}) {
        CAPTURE(at);
        const std::size_t rest = at < size ? static_cast<std::size_t>(size - at) : 0;
        const std::size_t expected = std::min(rest, out.size());
        REQUIRE(read_some(source, ByteOffset{at}, out) == expected);
        if (expected == 0) continue;
        CHECK(std::ranges::equal(ByteView(out).first(expected), whole.subspan(static_cast<std::size_t>(at), expected)));
    }
}

inline void extents_cover_it_without_gap_or_overlap(const ByteSource& source, ByteView whole) {
    const std::uint64_t size = whole.size();
    for (std::uint64_t at = 0; at < size;) {
        CAPTURE(at);
        const Extent extent = source.extent_at(ByteOffset{at});
        REQUIRE(extent.begin.value == at);
        REQUIRE(extent.length.value > 0);
        REQUIRE(extent.length.value <= size - at);
        for (const std::uint64_t inside : {at + extent.length.value / 2, at + extent.length.value - 1}) {
            const Extent rest = source.extent_at(ByteOffset{inside});
            REQUIRE(rest.begin.value == inside);
            REQUIRE(rest.kind == extent.kind);
            REQUIRE(rest.length.value > 0);
            REQUIRE(rest.end().value <= size);
        }
        at = extent.end().value;
    }
}

inline void everything_but_data_reads_as_zeros(const ByteSource& source, ByteView whole) {
    for (std::uint64_t at = 0; at < whole.size();) {
        const Extent extent = source.extent_at(ByteOffset{at});
        const ByteView bytes =
            whole.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(extent.length.value));
        if (extent.kind != ExtentKind::data) CHECK(is_zero(bytes));
        at = extent.end().value;
    }
}

inline void its_place_names_it_and_the_byte(const ByteSource& source) {
    CHECK_FALSE(source.name().empty());
    CHECK(source.place(ByteOffset{0}) == "'" + source.name() + "'");
    CHECK(source.place(ByteOffset{1}) == "'" + source.name() + "' at byte 1");
    CHECK(source.place(ByteOffset{4096}) == "'" + source.name() + "' at byte 4096");
    CHECK(source.place(ByteOffset{std::numeric_limits<std::uint64_t>::max()}) ==
          "'" + source.name() + "' at byte 18446744073709551615");
}

inline void it_is_unchanged_while_nothing_writes(const ByteSource& source) { CHECK_NOTHROW(source.check_unchanged()); }

/// The identity stays the same. If all bytes come from one file, the identity is that file's, and its offset is where
/// byte 0 is in it.
inline void its_identity_leads_to_its_bytes(const ByteSource& source, ByteView whole) {
    const SourceIdentity identity = source.identity();
    CHECK(identity == source.identity());
    const File* file = source.file();
    if (file == nullptr) {
        CHECK_FALSE(identity.volume.empty());
        return;
    }
    CHECK(identity.volume.empty());
    CHECK(identity.file == file->identity());
    Bytes out(whole.size());
    REQUIRE(::pread(file->fd(), out.data(), out.size(), static_cast<off_t>(identity.begin.value)) ==
            static_cast<ssize_t>(out.size()));
    CHECK(std::ranges::equal(out, whole));
}

/// Reading, the map, the size, the places, the identity and the check, from several threads at once.
inline void many_threads_use_it_at_once(const ByteSource& source, ByteView whole) {
    constexpr std::size_t threads_count = 4;
    std::vector<Bytes> copies(threads_count, Bytes(whole.size()));
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < threads_count; ++t)
        threads.emplace_back([&source, &copy = copies[t], t] {
            constexpr std::size_t piece = 12345;
            const std::size_t pieces = copy.size() / piece + 1;
            for (std::size_t i = 0; i < pieces; ++i) {
                const std::size_t at = (i + t * pieces / threads_count) % pieces * piece;
                if (at >= source.size().value) continue;
                static_cast<void>(source.extent_at(ByteOffset{at}));
                static_cast<void>(source.place(ByteOffset{at}));
                static_cast<void>(source.identity());
                source.read_at(ByteOffset{at},
                               ByteSpan(copy).subspan(at, std::min<std::size_t>(piece, copy.size() - at)));
                source.check_unchanged();
            }
        });
    for (std::thread& thread : threads) thread.join();
    for (const Bytes& copy : copies) CHECK(std::ranges::equal(copy, whole));
}

}  // namespace varve::contract
