#include "formats/output/overlay_writer.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "formats/base/range_cut.h"
#include "formats/base/write_order.h"

namespace varve {
namespace {

constexpr std::uint64_t piece_bytes_min = 256 << 10;  // of the backing image, read at once

class OverlayWriter final : public ImageWriter {
public:
    OverlayWriter(std::unique_ptr<ImageReader> backing, std::unique_ptr<ImageWriter> image, ByteCount virtual_size,
                  ByteCount unit)
        : backing_(std::move(backing)),
          image_(std::move(image)),
          order_(virtual_size),
          backing_end_(std::min(ByteOffset{} + backing_->info().virtual_size, order_.end())),
          unit_(unit),
          partial_(unit.value),
          piece_(std::max(unit.value, piece_bytes_min)) {}

    void write(ByteOffset at, ByteView bytes) override {
        order_.advance({at, {bytes.size()}});
        zeros_until(at);
        const RangeCut cut = cut_at_units({at, {bytes.size()}}, unit_);
        const auto bytes_in = [&](ByteRange part) { return bytes.subspan((part.begin - at).value, part.length.value); };
        add_partial(cut.head, bytes_in(cut.head));
        if (!cut.whole.empty()) {
            flush_partial();
            compare_bytes(cut.whole.begin, bytes_in(cut.whole));
        }
        add_partial(cut.tail, bytes_in(cut.tail));
        known_to_ = at + ByteCount{bytes.size()};
    }

    void zero(ByteRange range) override { order_.advance(range); }  // as what nothing was said of

    void finish() override {
        order_.finish();
        zeros_until(order_.end());
        flush_partial();
        image_->finish();
    }

    ByteCount bytes_written() const override { return image_->bytes_written(); }

private:
    void zeros_until(ByteOffset to);
    void add_partial(ByteRange part, ByteView bytes);
    void flush_partial();
    void compare_bytes(ByteOffset at, ByteView bytes);
    void compare_zeros(ByteRange range);
    std::optional<ByteRange> next_data(ByteRange range) const;
    bool load_backing(ByteRange range);

    std::unique_ptr<ImageReader> backing_;
    std::unique_ptr<ImageWriter> image_;
    WriteOrder order_;
    ByteOffset backing_end_;  ///< of what the disk can see of it
    ByteCount unit_;
    ByteOffset known_to_;  ///< everything before came, as bytes or as zeros
    Bytes partial_;        ///< the unit that ranges ending in its midst fill; zeros where nothing came
    std::optional<ByteOffset> partial_begin_;
    Bytes piece_;  ///< of the backing image
};

/// What lies between `known_to_` and `to` is zeros: nobody said otherwise.
void OverlayWriter::zeros_until(ByteOffset to) {
    if (known_to_ >= to) return;
    const RangeCut cut = cut_at_units({known_to_, to - known_to_}, unit_);
    add_partial(cut.head, {});
    if (!cut.whole.empty()) {
        flush_partial();
        compare_zeros(cut.whole);
    }
    add_partial(cut.tail, {});
    known_to_ = to;
}

/// `bytes` of a unit that is not yet whole, or zeros where there are none.
void OverlayWriter::add_partial(ByteRange part, ByteView bytes) {
    if (part.empty()) return;
    const std::uint64_t into_unit = part.begin.value % unit_.value;
    const ByteOffset begin = part.begin - ByteCount{into_unit};
    if (partial_begin_ != begin) {
        flush_partial();
        partial_begin_ = begin;
    }
    std::ranges::copy(bytes, partial_.begin() + static_cast<std::ptrdiff_t>(into_unit));
}

void OverlayWriter::flush_partial() {
    if (!partial_begin_) return;
    const ByteOffset begin = *std::exchange(partial_begin_, std::nullopt);
    const std::uint64_t length = std::min(unit_.value, (order_.end() - begin).value);
    compare_bytes(begin, ByteView(partial_).first(length));
    std::ranges::fill(partial_, std::byte{0});
}

/// `bytes` are whole units, or the last one of the disk.
void OverlayWriter::compare_bytes(ByteOffset at, ByteView bytes) {
    while (!bytes.empty()) {
        const ByteView piece = bytes.first(std::min(bytes.size(), piece_.size()));
        const bool has_data = load_backing({at, {piece.size()}});
        const auto differs = [&](std::size_t begin, std::size_t length) {
            const ByteView unit = piece.subspan(begin, length);
            return has_data ? std::memcmp(unit.data(), piece_.data() + begin, length) != 0 : !is_zero(unit);
        };
        std::size_t run = 0;  // where the units begin that differ
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

/// `range` is made of whole units, or ends with the disk.
void OverlayWriter::compare_zeros(ByteRange range) {
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

/// The first part of `range` that the backing image has data for.
std::optional<ByteRange> OverlayWriter::next_data(ByteRange range) const {
    const ByteOffset end = std::min(range.end(), backing_end_);
    for (ByteOffset at = range.begin; at < end;) {
        const Extent extent = backing_->extent_at(at);
        if (extent.kind == ExtentKind::data) return ByteRange{at, std::min(extent.end(), end) - at};
        at = extent.end();
    }
    return std::nullopt;
}

/// Fills the begin of `piece_` with the backing image's bytes; false when it has only zeros there, which costs no read.
bool OverlayWriter::load_backing(ByteRange range) {
    bool has_data = false;
    const ByteSpan piece = ByteSpan(piece_).first(range.length.value);
    ByteOffset at = range.begin;
    while (const auto data = next_data({at, range.end() - at})) {
        if (!std::exchange(has_data, true)) std::ranges::fill(piece, std::byte{0});
        backing_->read(data->begin, piece.subspan((data->begin - range.begin).value, data->length.value));
        at = data->end();
    }
    return has_data;
}

}  // namespace

std::unique_ptr<ImageWriter> write_over(std::unique_ptr<ImageReader> backing, std::unique_ptr<ImageWriter> image,
                                        ByteCount virtual_size, ByteCount unit) {
    return std::make_unique<OverlayWriter>(std::move(backing), std::move(image), virtual_size, unit);
}

}  // namespace varve
