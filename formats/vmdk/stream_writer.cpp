#include "formats/vmdk/stream_writer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/base/buffer_pool.h"
#include "engine/base/check.h"
#include "formats/output/unit_writer.h"
#include "formats/vmdk/descriptor_writer.h"
#include "formats/vmdk/grain_codec.h"
#include "formats/vmdk/new_grain_table.h"
#include "formats/vmdk/new_layout.h"
#include "formats/vmdk/stream_marker.h"

namespace varve::vmdk {
namespace {

constexpr std::size_t batch_grains = 4;  // larger work items, since handing one to a thread has a cost
constexpr const char* extent_name = "generated-stream.vmdk";

std::size_t padded_to_sectors(std::size_t length) {
    return static_cast<std::size_t>(divide_up(length, sector_bytes) * sector_bytes);
}

/// Of one grain with its marker and padding.
std::size_t packed_bytes_max() {
    return padded_to_sectors(StreamMarker::grain_encoded_bytes + deflated_bytes_max(new_grain.value));
}

/// Consecutive grains on their way through the pipeline.
struct Batch {
    ByteOffset guest;
    std::size_t length = 0;            ///< of the guest bytes
    BufferPool::Buffer plain;          ///< the guest bytes
    BufferPool::Buffer packed;         ///< as in the file, one grain after the other
    std::vector<std::size_t> lengths;  ///< of each grain in `packed`; 0: all zeros, left out
};

/// Writes the grain to the beginning of `out` as it is in the file; returns its length there.
std::size_t pack_grain(ByteOffset guest, ByteView grain, ByteSpan out) {
    const std::size_t stream = deflate_grain(grain, out.subspan(StreamMarker::grain_encoded_bytes));
    encode_marker({guest.value / sector_bytes, static_cast<std::uint32_t>(stream), 0}, out);
    const std::size_t length = padded_to_sectors(StreamMarker::grain_encoded_bytes + stream);
    std::ranges::fill(out.first(length).subspan(StreamMarker::grain_encoded_bytes + stream), std::byte{0});
    return length;
}

class StreamGrains final : public UnitSink {
public:
    StreamGrains(std::unique_ptr<Output> output, const NewDescriptor& disk, unsigned workers);

    void put(ByteOffset guest, ByteView grains) override;
    void put_part(ByteOffset guest, ByteView grain, UnitParts) override { put(guest, grain); }
    void zero(ByteRange) override {}  // left out
    void finish() override;
    ByteCount bytes_written() const override { return output_->bytes_written(); }

private:
    Batch pack(Batch&& batch);
    void store(const Batch& batch);
    void append(ByteView bytes);
    void append_marked(MarkerType type, ByteView bytes);
    void flush_table();

    std::unique_ptr<Output> output_;
    SparseHeader header_;
    ByteOffset end_;  ///< of the file so far
    NewGrainTable table_;
    Bytes directory_;
    BufferPool buffers_;
    OrderedPipeline<Batch, Batch> pipeline_;
};

StreamGrains::StreamGrains(std::unique_ptr<Output> output, const NewDescriptor& disk, unsigned workers)
    : output_(std::move(output)),
      header_(new_sparse_header(disk.virtual_size())),
      directory_(divide_up(disk.virtual_size().value, new_table_reach.value) * 4),
      buffers_(batch_grains * packed_bytes_max()),
      pipeline_(workers, std::size_t{2} * workers, [this](Batch&& batch) { return pack(std::move(batch)); }) {
    header_.version = 3;
    header_.is_compressed = true;
    header_.has_markers = true;
    header_.descriptor = new_descriptor_place;
    header_.data_begin = ByteOffset{new_grain.value};
    Bytes begin = encode_sparse_header(header_);
    const std::string text = describe(disk);
    VARVE_CHECK(text.size() < new_descriptor_place.length.value);
    begin.resize(header_.data_begin.value);
    std::ranges::copy(bytes_of(text), begin.begin() + static_cast<std::ptrdiff_t>(new_descriptor_place.begin.value));
    if (!output_->is_sequential()) end_ = ByteOffset{sector_bytes};  // the header is written last
    append(ByteView(begin).subspan(static_cast<std::size_t>(end_.value)));
}

void StreamGrains::put(ByteOffset guest, ByteView grains) {
    while (!grains.empty()) {
        const ByteView piece = grains.first(std::min(grains.size(), batch_grains * std::size_t{new_grain.value}));
        Batch batch{guest, piece.size(), buffers_.lend(), {}, {}};
        std::ranges::copy(piece, batch.plain.span().begin());
        pipeline_.feed(std::move(batch), [this] { store(pipeline_.take()); });
        guest += ByteCount{piece.size()};
        grains = grains.subspan(piece.size());
    }
}

/// On a thread of the pipeline.
Batch StreamGrains::pack(Batch&& batch) {
    batch.packed = buffers_.lend();
    ByteSpan free = batch.packed.span();
    for (std::size_t at = 0; at < batch.length; at += new_grain.value) {
        const ByteView grain = batch.plain.view().subspan(at, new_grain.value);
        batch.lengths.push_back(is_zero(grain) ? 0 : pack_grain(batch.guest + ByteCount{at}, grain, free));
        free = free.subspan(batch.lengths.back());
    }
    return std::move(batch);
}

void StreamGrains::store(const Batch& batch) {
    ByteView packed = batch.packed.view();
    ByteOffset guest = batch.guest;
    for (const std::size_t length : batch.lengths) {
        if (length != 0) {
            if (table_.number() && *table_.number() != NewGrainTable::number_of(guest)) flush_table();
            table_.set(guest, table_entry(end_));
            append(packed.first(length));
        }
        packed = packed.subspan(length);
        guest += new_grain;
    }
}

void StreamGrains::append(ByteView bytes) {
    output_->write(end_, bytes);
    end_ += ByteCount{bytes.size()};
}

/// Appends a marker sector for `bytes`, then `bytes` padded to whole sectors.
void StreamGrains::append_marked(MarkerType type, ByteView bytes) {
    Bytes out(sector_bytes + padded_to_sectors(bytes.size()));
    encode_marker({out.size() / sector_bytes - 1, 0, static_cast<std::uint32_t>(type)}, out);
    std::ranges::copy(bytes, out.begin() + static_cast<std::ptrdiff_t>(sector_bytes));
    append(out);
}

void StreamGrains::flush_table() {
    if (!table_.number()) return;
    const std::uint32_t entry = table_entry(end_ + ByteCount{sector_bytes});
    store_le<std::uint32_t>(ByteSpan(directory_).subspan(*table_.number() * 4, 4), entry);
    append_marked(MarkerType::grain_table, table_.entries());
    table_.clear();
}

void StreamGrains::finish() {
    pipeline_.drain([this] { store(pipeline_.take()); });
    flush_table();
    header_.directory = end_ + ByteCount{sector_bytes};
    append_marked(MarkerType::grain_directory, directory_);
    append_marked(MarkerType::footer, encode_sparse_header(header_));
    append_marked(MarkerType::end_of_stream, {});
    if (!output_->is_sequential()) output_->write({}, encode_sparse_header(header_));
    output_->commit();
}

}  // namespace

std::unique_ptr<ImageWriter> create_stream_writer(std::unique_ptr<Output> output, ByteCount virtual_size,
                                                  const CreationOptions& options, unsigned workers) {
    check_new_size(virtual_size);
    const NewDescriptor disk{options, content_id(options.uuid), {{NewExtentKind::sparse, virtual_size, extent_name}}};
    return write_in_units(std::make_unique<StreamGrains>(std::move(output), disk, workers), virtual_size, new_grain);
}

}  // namespace varve::vmdk
