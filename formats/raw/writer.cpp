#include "formats/raw/writer.h"

#include <utility>

#include "formats/base/write_order.h"
#include "formats/base/zero_split.h"

namespace varve::raw {
namespace {

constexpr ByteCount raw_block = kib(4);

class Writer final : public ImageWriter {
public:
    Writer(std::unique_ptr<Output> output, ByteCount virtual_size) : output_(std::move(output)), order_(virtual_size) {
        output_->resize(virtual_size);
    }

    void write(ByteOffset at, ByteView bytes) override {
        order_.advance({at, {bytes.size()}});
        ZeroSplit split(at, bytes, raw_block);
        while (const auto run = split.next())
            if (!run->is_zero) put(*run);
    }

    void zero(ByteRange range) override { order_.advance(range); }  // the gap before the next data covers it

    void finish() override {
        order_.finish();
        zero_until(order_.end());
        output_->commit();
    }

    ByteCount bytes_written() const override { return output_->bytes_written(); }

private:
    void put(const ZeroSplitRun& run) {
        zero_until(run.begin);
        output_->write(run.begin, run.bytes);
        filled_to_ = run.range().end();
    }

    void zero_until(ByteOffset to) {
        if (to > filled_to_) output_->zero({filled_to_, to - filled_to_});
        filled_to_ = to;
    }

    std::unique_ptr<Output> output_;
    WriteOrder order_;
    ByteOffset filled_to_;  ///< everything before it has been output, as bytes or as zeros
};

}  // namespace

std::unique_ptr<ImageWriter> create_writer(std::unique_ptr<Output> output, ByteCount virtual_size) {
    return std::make_unique<Writer>(std::move(output), virtual_size);
}

}  // namespace varve::raw
