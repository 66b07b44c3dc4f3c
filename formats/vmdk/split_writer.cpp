#include "formats/vmdk/split_writer.h"

#include <algorithm>
#include <utility>

#include "formats/base/write_order.h"
#include "formats/raw/writer.h"
#include "formats/vmdk/sparse_writer.h"

namespace varve::vmdk {
namespace {

class SplitWriter final : public ImageWriter {
public:
    SplitWriter(std::unique_ptr<OutputFiles> files, NewDescriptor disk)
        : files_(std::move(files)), disk_(std::move(disk)), order_(disk_.virtual_size()) {
        begin();
    }

    void write(ByteOffset at, ByteView bytes) override {
        order_.advance({at, {bytes.size()}});
        while (!bytes.empty()) {
            const ByteRange piece = go_to({at, {bytes.size()}});
            part_->write(piece.begin, bytes.first(piece.length.value));
            at += piece.length;
            bytes = bytes.subspan(piece.length.value);
        }
    }

    void zero(ByteRange range) override {
        order_.advance(range);
        while (!range.empty()) {
            const ByteRange piece = go_to(range);
            part_->zero(piece);
            range = {range.begin + piece.length, range.length - piece.length};
        }
    }

    void finish() override {
        order_.finish();
        while (number_ + 1 < disk_.extents.size()) next();
        part_->finish();
        files_->commit(bytes_of(describe(disk_)));
    }

    ByteCount bytes_written() const override { return files_->bytes_written(); }

private:
    void begin();
    void next();
    ByteRange go_to(ByteRange range);

    std::unique_ptr<OutputFiles> files_;
    NewDescriptor disk_;
    WriteOrder order_;
    std::size_t number_ = 0;             ///< of the extent being written
    ByteOffset begin_;                   ///< of it in the disk
    std::unique_ptr<ImageWriter> part_;  ///< for it
};

void SplitWriter::begin() {
    const NewExtent& extent = disk_.extents[number_];
    auto output = files_->begin_part(number_);
    part_ = extent.kind == NewExtentKind::sparse
                ? create_sparse_extent_writer(std::move(output), extent.length, disk_.options.zeroed_grain)
                : raw::create_writer(std::move(output), extent.length);
}

void SplitWriter::next() {
    part_->finish();
    begin_ += disk_.extents[number_].length;
    ++number_;
    begin();
}

/// The part of `range` inside the extent in which it begins, relative to that extent, which is begun if necessary.
ByteRange SplitWriter::go_to(ByteRange range) {
    while (range.begin - begin_ >= disk_.extents[number_].length) next();
    const ByteCount inside = range.begin - begin_;
    return {ByteOffset{} + inside, std::min(range.length, disk_.extents[number_].length - inside)};
}

}  // namespace

std::unique_ptr<ImageWriter> create_split_writer(std::unique_ptr<OutputFiles> files, NewDescriptor disk) {
    return std::make_unique<SplitWriter>(std::move(files), std::move(disk));
}

}  // namespace varve::vmdk
