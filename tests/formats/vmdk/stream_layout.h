#pragma once
/// A checker for streamOptimized VMDK images, written from the specification (VMware Virtual Disk Format 5.0,
/// "Stream-Optimized Compressed Sparse Extents") alone: it shares no code, header or constant with the writer.

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <zlib.h>

#include "engine/base/bytes.h"

namespace varve::writer_test {

inline void must(bool holds, int line = __builtin_LINE()) {
    if (!holds) throw std::logic_error("the image breaks the rule in line " + std::to_string(line) + " of its checker");
}

/// Walks an image from its first byte to its last, like a reader at the end of a pipe; throws
/// std::logic_error at the first violation of the format. Borrows the image.
class StreamLayout {
public:
    explicit StreamLayout(ByteView image) : image_(image) {
        check_begin();
        std::uint64_t at = 65536;
        while (!ended_) at = check_piece(at);
        must(at == image_.size());
    }

    const Bytes& guest() const { return guest_; }
    std::size_t grains() const { return grains_; }
    std::size_t tables() const { return tables_; }
    /// Whether the first header has the directory's place.
    bool has_directory_in_front() const { return directory_in_front_ != 0xffffffffffffffff; }

private:
    static constexpr std::uint64_t sector = 512;

    std::uint32_t u32(std::uint64_t at) const { return load_le<std::uint32_t>(bytes(at, 4)); }
    std::uint64_t u64(std::uint64_t at) const { return load_le<std::uint64_t>(bytes(at, 8)); }
    ByteView bytes(std::uint64_t at, std::uint64_t length) const {
        must(at + length <= image_.size());
        return image_.subspan(at, length);
    }

    void check_begin() {
        must(text_of(bytes(0, 4)) == "KDMV");
        must(u32(4) == 3);
        must(u32(8) == 0x30001);
        guest_.resize(u64(12) * sector);
        gd_.resize((guest_.size() + (32 << 20) - 1) / (32 << 20));
        gt_.resize(512);
        must(u64(20) == 128);
        must(u64(28) == 1);
        must(u64(36) == 20);
        must(u32(44) == 512);
        must(u64(48) == 0);
        directory_in_front_ = u64(56);  // or: at the end
        must(u64(64) == 128);
        must(text_of(bytes(72, 7)) == std::string_view("\0\n \r\n\1\0", 7));
        must(is_zero(bytes(79, 433)));
        const std::string_view text = text_of(bytes(512, 20 * sector));
        must(text.starts_with("# Disk DescriptorFile\n"));
        must(text.find("\ncreateType=\"streamOptimized\"\n") != text.npos);
        must(is_zero(bytes(512 + text.find('\0'), 65536 - 512 - text.find('\0'))));
    }

    /// The end of the piece that begins at `at`.
    std::uint64_t check_piece(std::uint64_t at) {
        must(at % sector == 0);
        const std::uint64_t value = u64(at);
        if (const std::uint32_t length = u32(at + 8); length != 0) return check_grain(at, value, length);
        must(is_zero(bytes(at + 16, sector - 16)));
        const std::uint64_t begin = at + sector;
        const std::uint64_t end = begin + value * sector;
        const std::uint32_t type = u32(at + 12);
        if (type == 1) check_table(begin, value);
        if (type == 2) check_directory(begin, value);
        if (type == 3) check_footer(begin, value);
        if (type == 0) {
            must(value == 0);
            must(has_footer_);
            ended_ = true;
        }
        must(type <= 3);
        return end;
    }

    std::uint64_t check_grain(std::uint64_t at, std::uint64_t lba, std::uint32_t length) {
        must(gd_at_ == 0);
        must(lba % 128 == 0);
        must(lba * sector < guest_.size());
        must(lba >= next_lba_);
        next_lba_ = lba + 128;
        const std::uint64_t number = lba / (512 * 128);
        if (table_is_open_) must(number == table_);  // a table follows the last of its grains
        if (!table_is_open_ && tables_ > 0) must(number > table_);
        table_is_open_ = true;
        table_ = number;
        gt_[lba / 128 % 512] = static_cast<std::uint32_t>(at / sector);
        inflate_grain(lba * sector, bytes(at + 12, length));
        ++grains_;
        const std::uint64_t end = (at + 12 + length + sector - 1) / sector * sector;
        must(is_zero(bytes(at + 12 + length, end - at - 12 - length)));
        return end;
    }

    void inflate_grain(std::uint64_t guest_at, ByteView stream) {
        Bytes grain(70000);
        uLongf length = grain.size();
        must(uncompress(reinterpret_cast<Bytef*>(grain.data()), &length, reinterpret_cast<const Bytef*>(stream.data()),
                        stream.size()) == Z_OK);
        must(length == 65536);
        grain.resize(length);
        must(!is_zero(grain));
        const std::uint64_t inside = std::min<std::uint64_t>(length, guest_.size() - guest_at);
        must(is_zero(ByteView(grain).subspan(inside)));
        std::ranges::copy(ByteView(grain).first(inside), guest_.begin() + static_cast<std::ptrdiff_t>(guest_at));
    }

    void check_table(std::uint64_t at, std::uint64_t sectors) {
        must(sectors == 4);
        must(table_is_open_);  // no table without grains
        for (std::uint64_t i = 0; i < 512; ++i) must(u32(at + 4 * i) == gt_[i]);
        gd_.at(table_) = static_cast<std::uint32_t>(at / sector);
        std::ranges::fill(gt_, 0);
        table_is_open_ = false;
        ++tables_;
    }

    void check_directory(std::uint64_t at, std::uint64_t sectors) {
        must(!table_is_open_);
        must(gd_at_ == 0);
        must(sectors == (gd_.size() * 4 + sector - 1) / sector);
        for (std::uint64_t i = 0; i < gd_.size(); ++i) must(u32(at + 4 * i) == gd_[i]);
        must(is_zero(bytes(at + 4 * gd_.size(), sectors * sector - 4 * gd_.size())));
        gd_at_ = at;
    }

    void check_footer(std::uint64_t at, std::uint64_t sectors) {
        must(sectors == 1);
        must(gd_at_ != 0);
        must(!has_footer_);
        must(at == image_.size() - 1024);
        must(u64(at + 56) == gd_at_ / sector);
        must(directory_in_front_ == gd_at_ / sector || directory_in_front_ == 0xffffffffffffffff);
        must(std::ranges::equal(bytes(at, 56), bytes(0, 56)));
        must(std::ranges::equal(bytes(at + 64, 448), bytes(64, 448)));
        has_footer_ = true;
    }

    ByteView image_;
    Bytes guest_;
    std::vector<std::uint32_t> gd_;
    std::vector<std::uint32_t> gt_;
    std::uint64_t next_lba_ = 0;
    std::uint64_t table_ = 0;
    bool table_is_open_ = false;
    std::uint64_t gd_at_ = 0;
    std::uint64_t directory_in_front_ = 0;
    bool has_footer_ = false;
    bool ended_ = false;
    std::size_t grains_ = 0;
    std::size_t tables_ = 0;
};

}  // namespace varve::writer_test
