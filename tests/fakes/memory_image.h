#pragma once
/// A disk in memory with an allocation map of 4 KiB granularity, as a source for backups. Writes change it between
/// backups, never while it is read.

#include <algorithm>
#include <atomic>
#include <cstring>
#include <random>
#include <vector>

#include "engine/base/check.h"
#include "engine/image/image_writer.h"
#include "tests/fakes/steady_image.h"

namespace varve::fakes {

class MemoryImage final : public SteadyImage {
public:
    static constexpr std::size_t block_bytes = 4096;

    explicit MemoryImage(std::uint64_t size) { resize(size); }
    MemoryImage(const MemoryImage& other) : bytes_(other.bytes_), kinds_(other.kinds_), info_(other.info_) {}

    void resize(std::uint64_t size) {
        bytes_.resize(size);
        kinds_.resize(static_cast<std::size_t>(divide_up(size, block_bytes)), ExtentKind::unallocated);
        info_.format = "raw";
        info_.virtual_size = {size};
    }

    void write(std::uint64_t at, ByteView bytes) {
        VARVE_CHECK(at + bytes.size() <= bytes_.size());
        std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
        mark(at, bytes.size(), ExtentKind::data);
    }

    void write_random(std::mt19937_64& random, std::uint64_t at, std::size_t length) {
        Bytes bytes(length);
        for (std::size_t i = 0; i < length; i += 8) {
            const std::uint64_t value = random();
            std::memcpy(bytes.data() + i, &value, std::min<std::size_t>(8, length - i));
        }
        write(at, bytes);
    }

    /// Makes the blocks that the range covers `kind` (zero or unallocated).
    void clear(std::uint64_t at, std::uint64_t length, ExtentKind kind) {
        std::fill_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at), length, std::byte{0});
        mark(at, length, kind);
    }

    const Bytes& bytes() const { return bytes_; }
    const ImageInfo& info() const override { return info_; }

    Extent extent_at(ByteOffset at) const override {
        VARVE_CHECK(at.value < bytes_.size());
        const std::size_t first = at.value / block_bytes;
        std::size_t end = first + 1;
        while (end < kinds_.size() && kinds_[end] == kinds_[first]) ++end;
        return {at, ByteOffset{std::min<std::uint64_t>(end * block_bytes, bytes_.size())} - at, kinds_[first]};
    }

    void read(ByteOffset at, ByteSpan out) const override {
        VARVE_CHECK(at.value + out.size() <= bytes_.size());
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at.value), out.size(), out.begin());
        for (std::size_t done = 0; done < out.size();) {
            const std::uint64_t position = at.value + done;
            const std::size_t count = std::min<std::size_t>(out.size() - done, block_bytes - position % block_bytes);
            VARVE_CHECK(kinds_[position / block_bytes] == ExtentKind::data);  // zero and unallocated are never read
            done += count;
        }
        bytes_read_ += out.size();
    }

    ByteCount bytes_read() const override { return {bytes_read_.load()}; }

private:
    void mark(std::uint64_t at, std::uint64_t length, ExtentKind kind) {
        for (std::uint64_t block = at / block_bytes; block * block_bytes < at + length; ++block) kinds_[block] = kind;
    }

    Bytes bytes_;
    std::vector<ExtentKind> kinds_;
    ImageInfo info_;
    mutable std::atomic<std::uint64_t> bytes_read_{0};
};

/// What a restore wrote, with the kind of each 4 KiB block.
class MemoryTarget final : public ImageWriter {
public:
    explicit MemoryTarget(std::uint64_t size) : image(size) {}
    void write(ByteOffset at, ByteView bytes) override {
        VARVE_CHECK(at >= next_);
        next_ = at + ByteCount{bytes.size()};
        image.write(at.value, bytes);
    }
    void zero(ByteRange range) override {
        VARVE_CHECK(range.begin >= next_);
        next_ = range.end();
        image.clear(range.begin.value, range.length.value, ExtentKind::zero);
    }
    void finish() override { is_finished = true; }
    ByteCount bytes_written() const override { return {}; }

    MemoryImage image;
    bool is_finished = false;

private:
    ByteOffset next_;
};

}  // namespace varve::fakes
