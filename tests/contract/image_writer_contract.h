#pragma once
/// The contract of ImageWriter as a suite that every implementation passes: a foreign reader finds exactly what was
/// written, the image is thin, and nothing is visible before finish().

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/image/extent.h"
#include "engine/image/image_writer.h"
#include "tests/catch.h"
#include "tests/support/writer_support.h"

namespace varve::contract {

/// One implementation under test.
struct WriterKind {
    std::string format;       ///< qemu-img's name of the format, for reading back
    ByteCount cluster;        ///< zero runs of this size and alignment are left out of data
    bool tells_zero = false;  ///< explicit zeros are distinguished from what was never written
    std::function<std::unique_ptr<ImageWriter>(const std::string& path, ByteCount virtual_size)> create;
    /// Makes a copy's odd virtual size visible to qemu, which counts in sectors of 512 bytes.
    std::function<void(const std::string& path, ByteCount virtual_size)> round_up_size;
    bool compresses = false;     ///< data may take less space than it has bytes
    ByteCount size_unit{1};      ///< other disks are refused, and empty ones too if this is not 1
    std::string data_file = {};  ///< the other file of an image called "image" that has two
    bool is_flat = false;        ///< a file with data is as long as the disk
};

inline bool takes_size(const WriterKind& kind, ByteCount virtual_size) {
    return virtual_size.value % kind.size_unit.value == 0 && (virtual_size.value > 0 || kind.size_unit == ByteCount{1});
}

/// The files of the image "image", sorted.
inline std::vector<std::string> files_of(const WriterKind& kind) {
    if (kind.data_file.empty()) return {"image"};
    return {"image", kind.data_file};
}

/// The space that they use on their file system.
inline std::uint64_t allocated_bytes(const WriterKind& kind, const writer_test::ScratchFolder& folder) {
    std::uint64_t sum = 0;
    for (const std::string& name : files_of(kind)) sum += writer_test::allocated_bytes(folder.file(name));
    return sum;
}

/// One call to a writer: data of random bytes, or of zeros, or zero(); unallocated: no call.
struct Step {
    ByteRange range;
    ExtentKind kind = ExtentKind::unallocated;
    bool zero_bytes = false;  ///< data that is zeros
};

/// A disk's content and the calls that make it.
struct Pattern {
    Bytes guest;
    std::vector<Step> steps;
};

/// Steps of 1 byte to `step_bytes_max`, in guest order, over the whole disk.
inline Pattern random_pattern(ByteCount virtual_size, std::uint32_t seed, std::uint64_t step_bytes_max) {
    std::mt19937 random(seed);
    const auto below = [&](std::uint64_t n) { return std::uniform_int_distribution<std::uint64_t>(0, n - 1)(random); };
    Pattern pattern{Bytes(virtual_size.value), {}};
    for (std::uint64_t at = 0; at < virtual_size.value;) {
        const bool is_aligned = below(2) == 0;  // half of the steps end at a block border, as real disks do
        std::uint64_t end = at + 1 + below(step_bytes_max);
        if (is_aligned) end = divide_up(end, 4096) * 4096;
        end = std::min(end, virtual_size.value);
        const std::uint64_t dice = below(8);
        const ExtentKind kind = dice < 4 ? ExtentKind::data : dice < 6 ? ExtentKind::zero : ExtentKind::unallocated;
        const Step step{{{at}, {end - at}}, kind, dice == 3};
        if (kind == ExtentKind::data && !step.zero_bytes)
            for (std::uint64_t i = at; i < end; ++i) pattern.guest[i] = static_cast<std::byte>(random());
        pattern.steps.push_back(step);
        at = end;
    }
    return pattern;
}

inline void play(ImageWriter& writer, const Pattern& pattern) {
    for (const Step& step : pattern.steps) {
        if (step.kind == ExtentKind::zero) writer.zero(step.range);
        if (step.kind == ExtentKind::data)
            writer.write(step.range.begin,
                         ByteView(pattern.guest).subspan(step.range.begin.value, step.range.length.value));
    }
}

inline void write_image(const WriterKind& kind, const std::string& path, const Pattern& pattern) {
    const auto writer = kind.create(path, {pattern.guest.size()});
    play(*writer, pattern);
    writer->finish();
}

/// The kind that each cluster must have: data if any byte is not zero, otherwise zero if any call touched it.
inline std::vector<ExtentKind> expected_kinds(const WriterKind& kind, const Pattern& pattern) {
    std::vector<ExtentKind> kinds(divide_up(pattern.guest.size(), kind.cluster.value), ExtentKind::unallocated);
    for (const Step& step : pattern.steps) {
        if (step.kind == ExtentKind::unallocated) continue;
        const std::uint64_t end = divide_up(step.range.end().value, kind.cluster.value);
        for (std::uint64_t i = step.range.begin.value / kind.cluster.value; i < end; ++i) {
            const std::uint64_t begin = i * kind.cluster.value;
            const std::uint64_t length = std::min(kind.cluster.value, pattern.guest.size() - begin);
            kinds[i] = is_zero(ByteView(pattern.guest).subspan(begin, length)) ? ExtentKind::zero : ExtentKind::data;
        }
    }
    return kinds;
}

/// The kind of each cluster according to qemu-img map.
inline std::vector<ExtentKind> mapped_kinds(const WriterKind& kind, const std::string& path, ByteCount virtual_size) {
    const auto result = writer_test::run_tool({"qemu-img", "map", "-f", kind.format, "--output=json", path});
    REQUIRE(result.status == 0);
    std::vector<ExtentKind> kinds(divide_up(virtual_size.value, kind.cluster.value), ExtentKind::unallocated);
    for (const auto& run : nlohmann::json::parse(result.output)) {
        const std::uint64_t begin = run.at("start");
        const std::uint64_t end = begin + run.at("length").get<std::uint64_t>();
        const ExtentKind run_kind = run.at("data").get<bool>()      ? ExtentKind::data
                                    : run.at("present").get<bool>() ? ExtentKind::zero
                                                                    : ExtentKind::unallocated;
        for (std::uint64_t i = begin / kind.cluster.value; i < divide_up(end, kind.cluster.value); ++i)
            kinds.at(i) = run_kind;
    }
    return kinds;
}

/// The guest bytes as qemu-img convert reads them, from a copy whose size qemu can see.
inline Bytes read_by_qemu(const WriterKind& kind, const std::string& path, ByteCount virtual_size) {
    const std::string copy = path + ".copy";
    const std::string raw = path + ".read";
    std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
    if (kind.round_up_size) kind.round_up_size(copy, virtual_size);
    const auto result = writer_test::run_tool({"qemu-img", "convert", "-f", kind.format, "-O", "raw", copy, raw});
    CAPTURE(result.output);
    REQUIRE(result.status == 0);
    Bytes bytes = writer_test::read_file(raw);
    REQUIRE(bytes.size() == divide_up(virtual_size.value, 512) * 512);
    REQUIRE(is_zero(ByteView(bytes).subspan(virtual_size.value)));
    bytes.resize(virtual_size.value);
    return bytes;
}

inline void check_clean(const WriterKind& kind, const std::string& path) {
    if (kind.format == "raw" || kind.format == "vpc") return;  // for which qemu-img has no check
    const auto result = writer_test::run_tool({"qemu-img", "check", "-f", kind.format, "--output=json", path});
    CAPTURE(result.output);
    REQUIRE(result.status == 0);
    const auto report = nlohmann::json::parse(result.output);
    REQUIRE(report.at("check-errors") == 0);
    REQUIRE(report.value("leaks", 0) == 0);
    REQUIRE(report.value("corruptions", 0) == 0);
}

inline void check_reads_back(const WriterKind& kind, ByteCount virtual_size, std::uint32_t seed,
                             std::uint64_t step_bytes_max) {
    CAPTURE(kind.format, virtual_size.value, seed, step_bytes_max);
    const writer_test::ScratchFolder folder;
    const std::string path = folder.file("image");
    const Pattern pattern = random_pattern(virtual_size, seed, step_bytes_max);
    write_image(kind, path, pattern);
    REQUIRE(folder.names() == files_of(kind));
    check_clean(kind, path);
    REQUIRE(writer_test::first_difference(read_by_qemu(kind, path, virtual_size), pattern.guest) == std::nullopt);
    const bool qemu_sees_all = virtual_size.value % 512 == 0;
    if (kind.tells_zero && qemu_sees_all)
        REQUIRE(mapped_kinds(kind, path, virtual_size) == expected_kinds(kind, pattern));
}

inline void check_is_thin(const WriterKind& kind) {
    const writer_test::ScratchFolder folder;
    const std::string path = folder.file("image");
    const ByteCount cluster{std::max<std::uint64_t>(kind.cluster.value, 65536)};
    const Bytes data(cluster.value, std::byte{0x5a});
    const auto writer = kind.create(path, mib(256));
    std::uint64_t data_bytes = 0;
    for (std::uint64_t at = 0; at < mib(256).value; at += 7 * cluster.value, data_bytes += cluster.value)
        writer->write({at}, data);
    writer->finish();
    REQUIRE(allocated_bytes(kind, folder) <= data_bytes + data_bytes / 20 + mib(1).value);
    if (!kind.is_flat)
        for (const std::string& name : files_of(kind))
            REQUIRE(std::filesystem::file_size(folder.file(name)) <= data_bytes + data_bytes / 20 + mib(1).value);
    if (!kind.compresses) REQUIRE(writer->bytes_written().value >= data_bytes);
    REQUIRE(writer->bytes_written().value <= data_bytes + data_bytes / 20 + mib(1).value);
}

inline void check_leaves_out_zeros_inside_data(const WriterKind& kind) {
    const writer_test::ScratchFolder folder;
    const std::string path = folder.file("image");
    Bytes bytes(mib(8).value);
    bytes.front() = bytes.back() = std::byte{1};
    const auto writer = kind.create(path, {bytes.size()});
    writer->write({}, bytes);
    writer->finish();
    REQUIRE(allocated_bytes(kind, folder) <= 2 * kind.cluster.value + mib(1).value);
    REQUIRE(writer_test::first_difference(read_by_qemu(kind, path, {bytes.size()}), bytes) == std::nullopt);
}

/// The whole contract, as sections of the test case that calls this.
inline void check_image_writer(const WriterKind& kind) {
    SECTION("random patterns read back as written, at odd sizes too") {
        std::uint32_t seed = 20261122;
        for (const std::uint64_t size : {0u, 1u, 511u, 512u, 4097u, 65536u, 65537u, 1u << 20, (3u << 20) + 513})
            for (const std::uint64_t step_bytes_max : {700u, 40000u, 300000u})
                if (takes_size(kind, {size})) check_reads_back(kind, {size}, seed++, step_bytes_max);
    }
    SECTION("a thin disk gives a thin image") { check_is_thin(kind); }
    SECTION("zeros inside of data take no space") { check_leaves_out_zeros_inside_data(kind); }
    SECTION("a disk that was never written is valid") {
        const writer_test::ScratchFolder folder;
        kind.create(folder.file("image"), mib(64))->finish();
        check_clean(kind, folder.file("image"));
        REQUIRE(is_zero(read_by_qemu(kind, folder.file("image"), mib(64))));
        REQUIRE(allocated_bytes(kind, folder) <= mib(1).value);
    }
    SECTION("a writer that is not finished leaves nothing behind") {
        const writer_test::ScratchFolder folder;
        auto writer = kind.create(folder.file("image"), mib(1));
        writer->write({4096}, Bytes(65536, std::byte{7}));
        REQUIRE_FALSE(std::filesystem::exists(folder.file("image")));
        writer.reset();
        REQUIRE(folder.names().empty());
    }
}

}  // namespace varve::contract
