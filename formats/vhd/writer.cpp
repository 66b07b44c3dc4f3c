#include "formats/vhd/writer.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "engine/base/timestamp.h"
#include "formats/base/zero_split.h"
#include "formats/output/unit_writer.h"
#include "formats/raw/writer.h"
#include "formats/vhd/dynamic_header.h"
#include "formats/vhd/table_writer.h"

namespace varve::vhd {
namespace {

constexpr ByteCount block_size = mib(2);
constexpr ByteCount bitmap_size{512};
constexpr ByteOffset header_place{footer_bytes};
constexpr ByteOffset table_place{footer_bytes + header_bytes};
constexpr std::uint64_t data_alignment = 4096;
constexpr std::uint64_t block_stride = block_size.value + data_alignment;  // the bitmap is at the end of the gap
constexpr TimeNs seconds_1970_to_2000 = 946'684'800;

std::array<char, 4> creator_of(std::string_view text) {
    std::array<char, 4> creator{};
    VARVE_CHECK(text.size() == creator.size());
    std::ranges::copy(text, creator.begin());
    return creator;
}

std::uint32_t timestamp_now() {
    return static_cast<std::uint32_t>(std::max<TimeNs>(current_time() / ns_per_second - seconds_1970_to_2000, 0));
}

ByteCount disk_size(ByteCount virtual_size, const CreationOptions& options) {
    return options.azure ? ByteCount{divide_up(virtual_size.value, mib(1).value) * mib(1).value} : virtual_size;
}

/// A geometry that all readers follow or all ignore.
Geometry geometry_for(ByteCount disk, const CreationOptions& options) {
    const Geometry geometry = geometry_of(disk);
    if (options.force_size || geometry == geometry_max) return geometry_max;
    if (geometry.disk_bytes() == disk) return geometry;
    throw Error(ErrorCode::unsupported,
                fmt::format("a disk of {} bytes has no geometry of its size ({} cylinders, {} heads and {} sectors are "
                            "{} bytes): leave out force_size=off to record the exact size",
                            disk.value, geometry.cylinders, geometry.heads, geometry.sectors_per_track,
                            geometry.disk_bytes().value));
}

/// Writes the footer after the bytes of a raw image, as the last thing before they are committed.
class FooterAfter final : public Output {
public:
    FooterAfter(std::unique_ptr<Output> output, const Footer& footer) : output_(std::move(output)), footer_(footer) {}

    void resize(ByteCount length) override {
        written_to_ = length;
        output_->resize(footer_.disk_size + ByteCount{footer_bytes});
    }
    void allocate(ByteCount length) override { output_->allocate(length); }
    void write(ByteOffset at, ByteView bytes) override { output_->write(at, bytes); }
    bool is_sequential() const override { return output_->is_sequential(); }
    void zero(ByteRange range) override { output_->zero(range); }
    void commit() override {
        const ByteOffset end{footer_.disk_size.value};
        const ByteOffset begin{written_to_.value};
        if (begin < end) output_->zero({begin, end - begin});
        output_->write(end, encode_footer(footer_));
        output_->commit();
    }
    ByteCount bytes_written() const override { return output_->bytes_written(); }

private:
    std::unique_ptr<Output> output_;
    Footer footer_;
    ByteCount written_to_;  ///< the length of the raw image
};

class DynamicBlocks final : public UnitSink {
public:
    DynamicBlocks(std::unique_ptr<Output> output, const Footer& footer)
        : output_(std::move(output)),
          footer_(footer),
          entries_(static_cast<std::uint32_t>(divide_up(footer.disk_size.value, block_size.value))),
          table_(*output_, table_place, entries_),
          bitmap_(bitmap_size.value, std::byte{0xff}) {}

    void put(ByteOffset guest, ByteView blocks) override;
    void put_part(ByteOffset guest, ByteView block, UnitParts) override { put(guest, block); }
    void zero(ByteRange) override {}  // absent
    void finish() override;
    ByteCount bytes_written() const override { return output_->bytes_written(); }

private:
    ByteOffset table_end() const { return table_place + ByteCount{divide_up(entries_, 128) * 512}; }
    /// Where the data of the block at `position` among those in the file is.
    ByteOffset block_place(std::uint64_t position) const {
        const std::uint64_t first = divide_up((table_end() + bitmap_size).value, data_alignment) * data_alignment;
        return ByteOffset{first + position * block_stride};
    }
    void put_block(std::uint64_t block, ByteView bytes);

    std::unique_ptr<Output> output_;
    Footer footer_;
    std::uint32_t entries_;
    std::uint64_t stored_ = 0;
    TableWriter table_;
    Bytes bitmap_;
};

void DynamicBlocks::put(ByteOffset guest, ByteView blocks) {
    ZeroSplit split(guest, blocks, block_size);
    while (const auto run = split.next()) {
        if (run->is_zero) continue;
        for (std::size_t at = 0; at < run->bytes.size(); at += block_size.value)
            put_block((run->begin.value + at) / block_size.value, run->bytes.subspan(at, block_size.value));
    }
}

void DynamicBlocks::put_block(std::uint64_t block, ByteView bytes) {
    const ByteOffset place = block_place(stored_++);
    output_->write(place - bitmap_size, bitmap_);
    write_sparse(*output_, place, bytes);
    table_.set(block, static_cast<std::uint32_t>((place - bitmap_size).value / 512));
}

void DynamicBlocks::finish() {
    table_.finish();
    const ByteOffset end = stored_ == 0 ? table_end() : block_place(stored_ - 1) + block_size;
    output_->resize(end + ByteCount{footer_bytes} - ByteOffset{});
    DynamicHeader header;
    header.table = table_place;
    header.entries = entries_;
    header.block_size = block_size;
    output_->write(header_place, encode_dynamic_header(header));
    const Bytes footer = encode_footer(footer_);
    output_->write(end, footer);
    output_->write({}, footer);
    output_->commit();
}

}  // namespace

ByteCount virtual_size_max() { return mib(2040 << 10); }

Footer new_footer(ByteCount virtual_size, const CreationOptions& options) {
    if (virtual_size > virtual_size_max())
        throw Error(ErrorCode::unsupported,
                    fmt::format("a disk of {} bytes is too large for vpc, which holds at most {}: choose qcow2 or raw",
                                virtual_size.value, virtual_size_max().value));
    Footer footer;
    footer.type = options.is_fixed() ? DiskType::fixed : DiskType::dynamic;
    if (!options.is_fixed()) footer.data_offset = header_place.value;
    footer.timestamp = options.uuid ? 0 : timestamp_now();
    footer.creator = creator_of(options.force_size ? "qem2" : "qemu");
    footer.disk_size = disk_size(virtual_size, options);
    footer.geometry = geometry_for(footer.disk_size, options);
    footer.uuid = options.uuid.value_or(Uuid::make_random());
    return footer;
}

std::unique_ptr<ImageWriter> create_writer(std::unique_ptr<Output> output, ByteCount virtual_size,
                                           const Footer& footer) {
    if (footer.type == DiskType::fixed)
        return raw::create_writer(std::make_unique<FooterAfter>(std::move(output), footer), virtual_size);
    return write_in_units(std::make_unique<DynamicBlocks>(std::move(output), footer), virtual_size, block_size);
}

}  // namespace varve::vhd
