#include "formats/vmdk/split_writer.h"

#include <utility>

#include "formats/output/piece_writer.h"
#include "formats/raw/writer.h"
#include "formats/vmdk/sparse_writer.h"

namespace varve::vmdk {
namespace {

class Extents final : public PieceSink {
public:
    Extents(std::unique_ptr<OutputFiles> files, NewDescriptor disk)
        : files_(std::move(files)), disk_(std::move(disk)) {}

    std::unique_ptr<ImageWriter> begin(std::size_t number) override {
        const NewExtent& extent = disk_.extents[number];
        auto output = files_->begin_part(number);
        return extent.kind == NewExtentKind::sparse
                   ? create_sparse_extent_writer(std::move(output), extent.length, disk_.options.zeroed_grain)
                   : raw::create_writer(std::move(output), extent.length);
    }

    void finish() override { files_->commit(bytes_of(describe(disk_))); }
    ByteCount bytes_written() const override { return files_->bytes_written(); }

private:
    std::unique_ptr<OutputFiles> files_;
    NewDescriptor disk_;
};

}  // namespace

std::unique_ptr<ImageWriter> create_split_writer(std::unique_ptr<OutputFiles> files, NewDescriptor disk) {
    std::vector<ByteCount> lengths;
    for (const NewExtent& extent : disk.extents) lengths.push_back(extent.length);
    return write_in_pieces(std::make_unique<Extents>(std::move(files), std::move(disk)), std::move(lengths));
}

}  // namespace varve::vmdk
