#pragma once
/// A checker for monolithicSparse VMDK images as VMware lays them out, written from the specification (VMware Virtual
/// Disk Format 5.0, "Hosted Sparse Extents") alone: it shares no code, header or constant with the writer.

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "tests/formats/vmdk/stream_layout.h"

namespace varve::writer_test {

/// Throws std::logic_error at the first violation of the format. Borrows the image.
class SparseLayout {
public:
    enum class Grain { unallocated, zeroed, data };

    explicit SparseLayout(ByteView image) : image_(image) {
        check_header();
        const std::uint64_t tables = (capacity_ + 65535) / 65536;
        guest_.resize(capacity_ * sector);
        grains_.resize((capacity_ + 127) / 128);
        const std::uint64_t redundant = u64(48);
        const std::uint64_t primary = u64(56);
        const std::uint64_t copy_length = (tables * 4 + 511) / 512 + tables * 4;
        must(redundant == 21);
        must(primary == redundant + copy_length);
        const std::uint64_t end = primary + copy_length;
        must(u64(64) == (end + 127) / 128 * 128);
        must(is_zero(bytes(end * sector, (u64(64) - end) * sector)));
        check_directory(redundant, tables);
        check_directory(primary, tables);
        must(std::ranges::equal(tables_of(redundant, tables), tables_of(primary, tables)));
        next_ = u64(64);
        for (std::uint64_t i = 0; i < tables * 512; ++i) check_grain(i, u32(tables_begin(primary, tables) + 4 * i));
        must(next_ * sector == image_.size());
    }

    const Bytes& guest() const { return guest_; }
    const std::vector<Grain>& grains() const { return grains_; }

private:
    static constexpr std::uint64_t sector = 512;

    ByteView bytes(std::uint64_t at, std::uint64_t length) const {
        must(at <= image_.size() && length <= image_.size() - at);
        return image_.subspan(at, length);
    }
    std::uint32_t u32(std::uint64_t at) const { return load_le<std::uint32_t>(bytes(at, 4)); }
    std::uint64_t u64(std::uint64_t at) const { return load_le<std::uint64_t>(bytes(at, 8)); }

    static std::uint64_t tables_begin(std::uint64_t directory, std::uint64_t tables) {
        return (directory + (tables * 4 + 511) / 512) * sector;
    }
    ByteView tables_of(std::uint64_t directory, std::uint64_t tables) const {
        return bytes(tables_begin(directory, tables), tables * 2048);
    }

    void check_header() {
        must(text_of(bytes(0, 4)) == "KDMV");
        must(u32(4) == 1 || u32(4) == 2);
        must(u32(8) == (u32(4) == 2 ? 7 : 3));
        capacity_ = u64(12);
        must(capacity_ > 0 && capacity_ < (1 << 20));  // 512 MiB: what a test may keep in memory
        must(u64(20) == 128);
        must(u64(28) == 1);
        must(u64(36) == 20);
        must(u32(44) == 512);
        must(text_of(bytes(72, 7)) == std::string_view("\0\n \r\n\0\0", 7));
        must(is_zero(bytes(79, 433)));
        const std::string_view text = text_of(bytes(512, 20 * sector));
        must(text.starts_with("# Disk DescriptorFile\n"));
        must(text.find("\ncreateType=\"monolithicSparse\"\n") != text.npos);
        const std::size_t end = text.find('\0');
        must(end != text.npos && is_zero(bytes(512 + end, text.size() - end)));
    }

    void check_directory(std::uint64_t directory, std::uint64_t tables) const {
        const std::uint64_t begin = directory * sector;
        for (std::uint64_t i = 0; i < tables; ++i)
            must(u32(begin + 4 * i) * sector == tables_begin(directory, tables) + i * 2048);
        const std::uint64_t end = begin + tables * 4;
        must(is_zero(bytes(end, tables_begin(directory, tables) - end)));
    }

    /// Grains follow each other in guest order, each once.
    void check_grain(std::uint64_t index, std::uint32_t entry) {
        if (index >= grains_.size()) return must(entry == 0);
        if (entry == 0) return;
        if (entry == 1) {
            must(u32(4) == 2);
            grains_[index] = Grain::zeroed;
            return;
        }
        must(entry == next_);
        next_ += 128;
        grains_[index] = Grain::data;
        const ByteView grain = bytes(entry * sector, 65536);
        must(!is_zero(grain));
        const std::uint64_t at = index * 65536;
        const std::uint64_t inside = std::min<std::uint64_t>(65536, guest_.size() - at);
        must(is_zero(grain.subspan(inside)));
        std::ranges::copy(grain.first(inside), guest_.begin() + static_cast<std::ptrdiff_t>(at));
    }

    ByteView image_;
    std::uint64_t capacity_ = 0;
    Bytes guest_;
    std::vector<Grain> grains_;
    std::uint64_t next_ = 0;  ///< the sector where the next grain must be
};

}  // namespace varve::writer_test
