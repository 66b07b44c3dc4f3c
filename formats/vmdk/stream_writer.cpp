#include "formats/vmdk/stream_writer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/base/buffer_pool.h"
#include "engine/base/check.h"
#include "formats/output/unit_writer.h"
#include "formats/vmdk/descriptor_writer.h"
#include "formats/vmdk/grain_deflate.h"
#include "formats/vmdk/header_writer.h"
#include "formats/vmdk/new_grain_table.h"

namespace varve::vmdk {
namespace {

constexpr std::size_t batch_grains = 4;  // handing work to a thread costs too
constexpr std::size_t grain_header_bytes = 12;
constexpr const char* extent_name = "generated-stream.vmdk";

/// What a sector announces that is no grain.
enum class Marker : std::uint32_t { end_of_stream = 0, table = 1, directory = 2, footer = 3 };

std::size_t whole_sectors(std::size_t length) {
    return static_cast<std::size_t>(divide_up(length, new_sector_bytes) * new_sector_bytes);
}

/// Of one grain with all that is around it.
std::size_t packed_bytes_max() { return whole_sectors(grain_header_bytes + deflated_bytes_max(new_grain.value)); }

/// Consecutive grains on their way through the threads.
struct Batch {
    ByteOffset guest;
    std::size_t length = 0;            ///< of the guest's bytes
    BufferPool::Buffer plain;          ///< them
    BufferPool::Buffer packed;         ///< as in the file, one grain behind the other
    std::vector<std::size_t> lengths;  ///< of each there; 0: it is zeros, and left out
};

/// The grain as it lies in the file, at the begin of `out`; its length.
std::size_t pack_grain(ByteOffset guest, ByteView grain, ByteSpan out) {
    const std::size_t stream = deflate_grain(grain, out.subspan(grain_header_bytes));
    store_le<std::uint64_t>(out.first(8), guest.value / new_sector_bytes);
    store_le<std::uint32_t>(out.subspan(8, 4), static_cast<std::uint32_t>(stream));
    const std::size_t length = whole_sectors(grain_header_bytes + stream);
    std::ranges::fill(out.first(length).subspan(grain_header_bytes + stream), std::byte{0});
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
    void append_marked(Marker marker, ByteView bytes);
    void flush_table();

    std::unique_ptr<Output> output_;
    NewHeader header_;
    ByteOffset end_;  ///< of the file so far
    NewGrainTable table_;
    Bytes directory_;
    BufferPool buffers_;
    OrderedPipeline<Batch, Batch> pipeline_;
};

StreamGrains::StreamGrains(std::unique_ptr<Output> output, const NewDescriptor& disk, unsigned workers)
    : output_(std::move(output)),
      directory_(divide_up(disk.virtual_size().value, new_table_reach.value) * 4),
      buffers_(batch_grains * packed_bytes_max()),
      pipeline_(workers, std::size_t{2} * workers, [this](Batch&& batch) { return pack(std::move(batch)); }) {
    header_.version = 3;
    header_.flags = newlines_flag | compressed_flag | markers_flag;
    header_.virtual_size = disk.virtual_size();
    header_.data = {new_grain.value};
    header_.directory_is_at_end = true;
    Bytes begin = encode_header(header_);
    const std::string text = describe(disk);
    VARVE_CHECK(text.size() < new_descriptor_place.length.value);
    begin.resize(header_.data.value);
    std::ranges::copy(bytes_of(text), begin.begin() + static_cast<std::ptrdiff_t>(new_descriptor_place.begin.value));
    append(begin);
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

/// `bytes`, padded to whole sectors, after a sector that tells what and how much they are.
void StreamGrains::append_marked(Marker marker, ByteView bytes) {
    Bytes out(new_sector_bytes + whole_sectors(bytes.size()));
    store_le<std::uint64_t>(ByteSpan(out).first(8), out.size() / new_sector_bytes - 1);
    store_le<std::uint32_t>(ByteSpan(out).subspan(12, 4), static_cast<std::uint32_t>(marker));
    std::ranges::copy(bytes, out.begin() + static_cast<std::ptrdiff_t>(new_sector_bytes));
    append(out);
}

void StreamGrains::flush_table() {
    if (!table_.number()) return;
    const std::uint32_t entry = table_entry(end_ + ByteCount{new_sector_bytes});
    store_le<std::uint32_t>(ByteSpan(directory_).subspan(*table_.number() * 4, 4), entry);
    append_marked(Marker::table, table_.entries());
    table_.clear();
}

void StreamGrains::finish() {
    pipeline_.drain([this] { store(pipeline_.take()); });
    flush_table();
    header_.directory = end_ + ByteCount{new_sector_bytes};
    header_.directory_is_at_end = false;
    append_marked(Marker::directory, directory_);
    append_marked(Marker::footer, encode_header(header_));
    append_marked(Marker::end_of_stream, {});
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
