#include "formats/vmdk/grain_sink.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "formats/base/range_cut.h"
#include "formats/base/write_order.h"
#include "formats/vmdk/new_layout.h"

namespace varve::vmdk {
namespace {

class GrainWriter final : public ImageWriter {
public:
    GrainWriter(std::unique_ptr<GrainSink> sink, ByteCount virtual_size)
        : sink_(std::move(sink)), order_(virtual_size), partial_(new_grain.value) {}

    void write(ByteOffset at, ByteView bytes) override {
        const ByteRange range{at, {bytes.size()}};
        order_.advance(range);
        const RangeCut cut = cut_at_units(range, new_grain);
        const auto bytes_in = [&](ByteRange part) { return bytes.subspan((part.begin - at).value, part.length.value); };
        add_partial(cut.head, bytes_in(cut.head));
        if (!cut.whole.empty()) {
            flush_partial();
            sink_->put(cut.whole.begin, bytes_in(cut.whole));
        }
        add_partial(cut.tail, bytes_in(cut.tail));
    }

    void zero(ByteRange range) override {
        order_.advance(range);
        const RangeCut cut = cut_at_units(range, new_grain);
        add_partial(cut.head, {});
        if (!cut.whole.empty()) {
            flush_partial();
            sink_->zero(cut.whole);
        }
        add_partial(cut.tail, {});
    }

    void finish() override {
        order_.finish();
        flush_partial();
        sink_->finish();
    }

    ByteCount bytes_written() const override { return sink_->bytes_written(); }

private:
    void add_partial(ByteRange part, ByteView bytes);
    void flush_partial();

    std::unique_ptr<GrainSink> sink_;
    WriteOrder order_;
    Bytes partial_;  ///< the grain that ranges ending in its midst fill bit by bit; zeros where nothing came
    std::optional<ByteOffset> partial_begin_;
};

/// `bytes` of a grain that is not yet whole, or zeros where there are none.
void GrainWriter::add_partial(ByteRange part, ByteView bytes) {
    if (part.empty()) return;
    const std::uint64_t into_grain = part.begin.value % new_grain.value;
    const ByteOffset begin = part.begin - ByteCount{into_grain};
    if (partial_begin_ != begin) {
        flush_partial();
        partial_begin_ = begin;
    }
    std::ranges::copy(bytes, partial_.begin() + static_cast<std::ptrdiff_t>(into_grain));
}

void GrainWriter::flush_partial() {
    if (!partial_begin_) return;
    sink_->put_part(*std::exchange(partial_begin_, std::nullopt), partial_);
    std::ranges::fill(partial_, std::byte{0});
}

}  // namespace

std::unique_ptr<ImageWriter> write_in_grains(std::unique_ptr<GrainSink> sink, ByteCount virtual_size) {
    return std::make_unique<GrainWriter>(std::move(sink), virtual_size);
}

}  // namespace varve::vmdk
