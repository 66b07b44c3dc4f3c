#include "formats/output/unit_writer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/base/check.h"
#include "formats/base/range_cut.h"
#include "formats/base/write_order.h"

namespace varve {
namespace {

class UnitWriter final : public ImageWriter {
public:
    UnitWriter(std::unique_ptr<UnitSink> sink, ByteCount virtual_size, ByteCount unit, unsigned parts)
        : sink_(std::move(sink)), order_(virtual_size), unit_(unit), part_{unit.value / parts}, partial_(unit.value) {}

    void write(ByteOffset at, ByteView bytes) override {
        const ByteRange range{at, {bytes.size()}};
        order_.advance(range);
        const RangeCut cut = cut_at_units(range, unit_);
        const auto bytes_in = [&](ByteRange part) { return bytes.subspan((part.begin - at).value, part.length.value); };
        if (!cut.head.empty()) std::ranges::copy(bytes_in(cut.head), partial_at(cut.head).begin());
        if (!cut.whole.empty()) {
            flush_partial();
            sink_->put(cut.whole.begin, bytes_in(cut.whole));
        }
        if (!cut.tail.empty()) std::ranges::copy(bytes_in(cut.tail), partial_at(cut.tail).begin());
    }

    void zero(ByteRange range) override {
        order_.advance(range);
        const RangeCut cut = cut_at_units(range, unit_);
        if (!cut.head.empty()) partial_at(cut.head);
        if (!cut.whole.empty()) {
            flush_partial();
            sink_->zero(cut.whole);
        }
        if (!cut.tail.empty()) partial_at(cut.tail);
    }

    void finish() override {
        order_.finish();
        flush_partial();
        sink_->finish();
    }

    ByteCount bytes_written() const override { return sink_->bytes_written(); }

private:
    ByteSpan partial_at(ByteRange range);
    UnitParts parts_in(std::uint64_t begin, std::uint64_t end) const;
    void flush_partial();

    std::unique_ptr<UnitSink> sink_;
    WriteOrder order_;
    ByteCount unit_;
    ByteCount part_;
    Bytes partial_;  ///< the unit that partial ranges fill; zeros where nothing was written
    std::optional<ByteOffset> partial_begin_;
    UnitParts covered_ = 0;
};

/// The bytes of `range`, inside one unit, in the partial unit; begins that unit after flushing the one before.
ByteSpan UnitWriter::partial_at(ByteRange range) {
    const std::uint64_t into_unit = range.begin.value % unit_.value;
    const ByteOffset begin = range.begin - ByteCount{into_unit};
    if (partial_begin_ != begin) {
        flush_partial();
        partial_begin_ = begin;
    }
    covered_ |= parts_in(into_unit, into_unit + range.length.value);
    return ByteSpan(partial_).subspan(into_unit, range.length.value);
}

/// The parts that share a byte with [begin, end) of the unit.
UnitParts UnitWriter::parts_in(std::uint64_t begin, std::uint64_t end) const {
    const auto parts_before = [](std::uint64_t part) { return (std::uint64_t{1} << part) - 1; };
    return static_cast<UnitParts>(parts_before(divide_up(end, part_.value)) & ~parts_before(begin / part_.value));
}

void UnitWriter::flush_partial() {
    if (!partial_begin_) return;
    const ByteOffset begin = *std::exchange(partial_begin_, std::nullopt);
    sink_->put_part(begin, partial_, std::exchange(covered_, 0));
    std::ranges::fill(partial_, std::byte{0});
}

}  // namespace

std::unique_ptr<ImageWriter> write_in_units(std::unique_ptr<UnitSink> sink, ByteCount virtual_size, ByteCount unit,
                                            unsigned parts) {
    VARVE_CHECK(parts >= 1 && parts <= 32 && unit.value % parts == 0);
    return std::make_unique<UnitWriter>(std::move(sink), virtual_size, unit, parts);
}

}  // namespace varve
