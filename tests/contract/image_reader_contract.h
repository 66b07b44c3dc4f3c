#pragma once
/// What every ImageReader must do, run by the tests of each implementation over their own images. An image should have
/// all three kinds of extents and fit in memory.

#include <algorithm>
#include <thread>
#include <vector>

#include "engine/image/image_reader.h"
#include "tests/catch.h"

namespace varve::contract {

inline std::vector<Extent> walk_extents(const ImageReader& reader) {
    std::vector<Extent> extents;
    const ByteOffset end{reader.info().virtual_size.value};
    for (ByteOffset at; at < end; at = extents.back().end()) extents.push_back(reader.extent_at(at));
    return extents;
}

inline Bytes read_range(const ImageReader& reader, ByteOffset at, ByteCount length) {
    Bytes bytes(static_cast<std::size_t>(length.value), std::byte{0x5a});
    reader.read(at, bytes);
    return bytes;
}

inline void extents_partition_the_disk(const ImageReader& reader) {
    const std::uint64_t size = reader.info().virtual_size.value;
    std::uint64_t at = 0;
    while (at < size) {
        const Extent extent = reader.extent_at(ByteOffset{at});
        REQUIRE(extent.begin.value == at);
        REQUIRE(extent.length.value > 0);
        REQUIRE(extent.length.value <= size - at);
        const std::uint64_t middle = at + extent.length.value / 2;
        const Extent rest = reader.extent_at(ByteOffset{middle});
        REQUIRE(rest.begin.value == middle);
        REQUIRE(rest.kind == extent.kind);
        at = extent.end().value;
    }
    REQUIRE(at == size);
}

inline void pieces_equal_the_whole(const ImageReader& reader, const Bytes& whole) {
    for (const std::size_t piece : {std::size_t{4096}, std::size_t{65536}, std::size_t{100001}}) {
        Bytes pieces(whole.size(), std::byte{0x5a});
        for (std::size_t at = 0; at < pieces.size(); at += piece)
            reader.read(ByteOffset{at}, ByteSpan(pieces).subspan(at, std::min(piece, pieces.size() - at)));
        REQUIRE((pieces == whole));
    }
}

inline void nothing_reads_as_zeros_without_io(const ImageReader& reader) {
    for (const Extent& extent : walk_extents(reader)) {
        if (extent.kind == ExtentKind::data) continue;
        const ByteCount before = reader.bytes_read();
        REQUIRE(is_zero(read_range(reader, extent.begin, extent.length)));
        REQUIRE(reader.bytes_read() == before);
    }
}

inline void bytes_read_counts_data_only(const ImageReader& reader) {
    std::uint64_t data = 0;
    for (const Extent& extent : walk_extents(reader)) data += extent.kind == ExtentKind::data ? extent.length.value : 0;
    const ByteCount before = reader.bytes_read();
    read_range(reader, ByteOffset{}, reader.info().virtual_size);
    REQUIRE((reader.bytes_read() - before).value == data);
}

inline void many_threads_read_the_same(const ImageReader& reader, const Bytes& whole) {
    constexpr std::size_t threads_count = 4;
    std::vector<Bytes> copies(threads_count, Bytes(whole.size()));
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < threads_count; ++t)
        threads.emplace_back([&reader, &copy = copies[t], t] {
            constexpr std::size_t piece = 12345;
            const std::size_t pieces = copy.size() / piece + 1;
            for (std::size_t i = 0; i < pieces; ++i) {
                const std::size_t at = (i + t * pieces / threads_count) % pieces * piece;
                if (at >= copy.size()) continue;
                static_cast<void>(reader.extent_at(ByteOffset{at}));
                reader.read(ByteOffset{at}, ByteSpan(copy).subspan(at, std::min<std::size_t>(piece, copy.size() - at)));
            }
        });
    for (std::thread& thread : threads) thread.join();
    for (const Bytes& copy : copies) REQUIRE((copy == whole));
}

/// Runs the whole suite; `whole` is the expected contents of the disk.
inline void check_image_reader(const ImageReader& reader, const Bytes& whole) {
    REQUIRE(reader.info().virtual_size.value == whole.size());
    REQUIRE_FALSE(reader.info().format.empty());
    extents_partition_the_disk(reader);
    REQUIRE((read_range(reader, ByteOffset{}, reader.info().virtual_size) == whole));
    reader.read(ByteOffset{whole.size()}, {});
    pieces_equal_the_whole(reader, whole);
    nothing_reads_as_zeros_without_io(reader);
    bytes_read_counts_data_only(reader);
    many_threads_read_the_same(reader, whole);
}

}  // namespace varve::contract
