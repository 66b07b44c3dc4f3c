#include "formats/output/piece_writer.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "formats/base/write_order.h"

namespace varve {
namespace {

class PieceWriter final : public ImageWriter {
public:
    PieceWriter(std::unique_ptr<PieceSink> sink, std::vector<ByteCount> lengths)
        : sink_(std::move(sink)),
          lengths_(std::move(lengths)),
          order_(std::accumulate(lengths_.begin(), lengths_.end(), ByteCount{})),
          piece_(sink_->begin(0)) {}

    void write(ByteOffset at, ByteView bytes) override {
        order_.advance({at, {bytes.size()}});
        while (!bytes.empty()) {
            const ByteRange inside = go_to({at, {bytes.size()}});
            piece_->write(inside.begin, bytes.first(inside.length.value));
            at += inside.length;
            bytes = bytes.subspan(inside.length.value);
        }
    }

    void zero(ByteRange range) override {
        order_.advance(range);
        while (!range.empty()) {
            const ByteRange inside = go_to(range);
            piece_->zero(inside);
            range = {range.begin + inside.length, range.length - inside.length};
        }
    }

    void finish() override {
        order_.finish();
        while (number_ + 1 < lengths_.size()) next();
        piece_->finish();
        sink_->finish();
    }

    ByteCount bytes_written() const override { return sink_->bytes_written(); }

private:
    void next();
    ByteRange go_to(ByteRange range);

    std::unique_ptr<PieceSink> sink_;
    std::vector<ByteCount> lengths_;
    WriteOrder order_;
    std::size_t number_ = 0;              ///< of the piece being written
    ByteOffset begin_;                    ///< of it in the disk
    std::unique_ptr<ImageWriter> piece_;  ///< for it
};

void PieceWriter::next() {
    piece_->finish();
    begin_ += lengths_[number_];
    ++number_;
    piece_ = sink_->begin(number_);
}

/// The part of `range` inside the piece in which it begins, relative to that piece, which is begun if necessary.
ByteRange PieceWriter::go_to(ByteRange range) {
    while (range.begin - begin_ >= lengths_[number_]) next();
    const ByteCount inside = range.begin - begin_;
    return {ByteOffset{} + inside, std::min(range.length, lengths_[number_] - inside)};
}

}  // namespace

std::unique_ptr<ImageWriter> write_in_pieces(std::unique_ptr<PieceSink> sink, std::vector<ByteCount> lengths) {
    return std::make_unique<PieceWriter>(std::move(sink), std::move(lengths));
}

}  // namespace varve
