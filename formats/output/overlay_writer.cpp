#include "formats/output/overlay_writer.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "engine/image/extent_walk.h"
#include "formats/base/write_order.h"
#include "formats/output/unit_writer.h"

namespace varve {
namespace {

constexpr std::uint64_t piece_bytes_min = 256 << 10;  // of the backing image, read at once

/// Passes the units that differ from the backing image on to the writer of the new image.
class DifferingUnits final : public UnitSink {
public:
    DifferingUnits(std::unique_ptr<ImageReader> backing, std::unique_ptr<ImageWriter> image, ByteCount virtual_size,
                   ByteCount unit)
        : backing_(std::move(backing)),
          image_(std::move(image)),
          disk_end_(ByteOffset{} + virtual_size),
          backing_end_(std::min(ByteOffset{} + backing_->info().virtual_size, disk_end_)),
          unit_(unit),
          piece_(std::max(unit.value, piece_bytes_min)) {}

    void put(ByteOffset at, ByteView units) override { compare_bytes(at, units); }

    void put_part(ByteOffset at, ByteView unit, UnitParts) override {
        compare_bytes(at, unit.first(std::min(unit_, disk_end_ - at).value));
    }

    void zero(ByteRange units) override { compare_zeros(units); }
    void finish() override { image_->finish(); }
    ByteCount bytes_written() const override { return image_->bytes_written(); }

private:
    void compare_bytes(ByteOffset at, ByteView bytes);
    void compare_zeros(ByteRange range);
    std::optional<ByteRange> next_data(ByteRange range) const;
    bool load_backing(ByteRange range);

    std::unique_ptr<ImageReader> backing_;
    std::unique_ptr<ImageWriter> image_;
    ByteOffset disk_end_;
    ByteOffset backing_end_;  ///< of what the disk can see of it
    ByteCount unit_;
    Bytes piece_;  ///< of the backing image
};

/// Announces every range that the caller skips as zeros.
class GapsAsZeros final : public ImageWriter {
public:
    GapsAsZeros(std::unique_ptr<ImageWriter> image, ByteCount virtual_size)
        : image_(std::move(image)), order_(virtual_size) {}

    void write(ByteOffset at, ByteView bytes) override {
        order_.advance({at, {bytes.size()}});
        zero_until(at);
        image_->write(at, bytes);
        announced_to_ = at + ByteCount{bytes.size()};
    }

    void zero(ByteRange range) override { order_.advance(range); }  // the same as a gap

    void finish() override {
        order_.finish();
        zero_until(order_.end());
        image_->finish();
    }

    ByteCount bytes_written() const override { return image_->bytes_written(); }

private:
    void zero_until(ByteOffset to) {
        if (announced_to_ < to) image_->zero({announced_to_, to - announced_to_});
        announced_to_ = to;
    }

    std::unique_ptr<ImageWriter> image_;
    WriteOrder order_;
    ByteOffset announced_to_;  ///< `image_` got everything before, as bytes or as zeros
};

/// `bytes` are whole units, or the last one of the disk.
void DifferingUnits::compare_bytes(ByteOffset at, ByteView bytes) {
    while (!bytes.empty()) {
        const ByteView piece = bytes.first(std::min(bytes.size(), piece_.size()));
        const bool has_data = load_backing({at, {piece.size()}});
        const auto differs = [&](std::size_t begin, std::size_t length) {
            const ByteView unit = piece.subspan(begin, length);
            return has_data ? std::memcmp(unit.data(), piece_.data() + begin, length) != 0 : !is_zero(unit);
        };
        std::size_t run = 0;  // where the run of units that differ begins
        for (std::size_t begin = 0; begin < piece.size();) {
            const std::size_t length = std::min<std::size_t>(unit_.value, piece.size() - begin);
            if (!differs(begin, length)) {
                if (begin > run) image_->write(at + ByteCount{run}, piece.subspan(run, begin - run));
                run = begin + length;
            }
            begin += length;
        }
        if (piece.size() > run) image_->write(at + ByteCount{run}, piece.subspan(run));
        at += ByteCount{piece.size()};
        bytes = bytes.subspan(piece.size());
    }
}

/// `range` consists of whole units, or ends with the disk.
void DifferingUnits::compare_zeros(ByteRange range) {
    while (const auto data = next_data(range)) {
        const std::uint64_t from = std::max(data->begin.value / unit_.value * unit_.value, range.begin.value);
        const ByteOffset end{std::min(from + piece_.size(), range.end().value)};
        load_backing({{from}, end - ByteOffset{from}});
        for (ByteOffset at{from}; at < end;) {
            const ByteCount length = std::min(unit_, end - at);
            const ByteView unit = ByteView(piece_).subspan(at.value - from, length.value);
            if (!is_zero(unit)) image_->zero({at, length});
            at += length;
        }
        range = {end, range.end() - end};
    }
}

/// The first data of the backing image in `range`.
std::optional<ByteRange> DifferingUnits::next_data(ByteRange range) const {
    const ByteOffset end = std::min(range.end(), backing_end_);
    if (range.begin >= end) return std::nullopt;
    return first_data(*backing_, {range.begin, end - range.begin});
}

/// Fills the start of `piece_` with the backing image's bytes; false when it has only zeros there, which costs no read.
bool DifferingUnits::load_backing(ByteRange range) {
    bool has_data = false;
    const ByteOffset end = std::min(range.end(), backing_end_);
    if (range.begin >= end) return false;
    const ByteSpan piece = ByteSpan(piece_).first(range.length.value);
    for_each_extent(*backing_, {range.begin, end - range.begin}, [&](const Extent& extent) {
        if (extent.kind != ExtentKind::data) return;
        if (!std::exchange(has_data, true)) std::ranges::fill(piece, std::byte{0});
        backing_->read(extent.begin, piece.subspan((extent.begin - range.begin).value, extent.length.value));
    });
    return has_data;
}

}  // namespace

std::unique_ptr<ImageWriter> write_over(std::unique_ptr<ImageReader> backing, std::unique_ptr<ImageWriter> image,
                                        ByteCount virtual_size, ByteCount unit) {
    auto units = std::make_unique<DifferingUnits>(std::move(backing), std::move(image), virtual_size, unit);
    return std::make_unique<GapsAsZeros>(write_in_units(std::move(units), virtual_size, unit), virtual_size);
}

}  // namespace varve
