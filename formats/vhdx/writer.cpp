#include "formats/vhdx/writer.h"

#include <algorithm>
#include <string_view>

#include "engine/base/byte_writer.h"
#include "engine/base/check.h"
#include "formats/base/write_order.h"
#include "formats/base/zero_split.h"
#include "formats/output/unit_writer.h"
#include "formats/vhdx/file_header.h"
#include "formats/vhdx/metadata.h"
#include "formats/vhdx/regions.h"

namespace varve::vhdx {
namespace {

constexpr std::size_t table_entry_bytes = 8;
constexpr std::size_t page_bytes = 64 << 10;
constexpr std::uint64_t present_state = 6;
constexpr ByteRange log_place{ByteOffset{unit}, {unit}};
constexpr ByteRange metadata_place{ByteOffset{2 * unit}, {unit}};
constexpr ByteOffset table_place{3 * unit};

ByteCount default_block_size(ByteCount virtual_size) {
    constexpr ByteCount large{std::uint64_t{4} << 40};  // the table of a larger disk would exceed 16 MiB
    return virtual_size > large ? mib(32) : mib(2);
}

Metadata metadata_of(ByteCount virtual_size, const CreationOptions& options) {
    Metadata metadata;
    metadata.block_size = options.block_size.value_or(default_block_size(virtual_size));
    metadata.is_fixed = options.is_fixed;
    metadata.virtual_size = virtual_size;
    metadata.sector_size = options.sector_size;
    metadata.physical_size = ByteCount{4096};
    metadata.disk = options.uuid.value_or(Uuid::make_random());
    return metadata;
}

/// Writes the table page by page, in guest order, so that memory does not grow with the disk.
class TableWriter {
public:
    TableWriter(Output& output, const Metadata& metadata) : output_(output), ratio_(metadata.chunk_ratio()) {}

    /// Blocks ascend from call to call; skipped ones are not present.
    void set(std::uint64_t block, ByteOffset place) {
        const std::uint64_t number = block + block / ratio_;
        const std::uint64_t page = number * table_entry_bytes / page_bytes;
        if (page != page_) flush();
        page_ = page;
        if (bytes_.empty()) bytes_.resize(page_bytes);
        store_le(ByteSpan(bytes_).subspan(static_cast<std::size_t>(number * table_entry_bytes % page_bytes),
                                          table_entry_bytes),
                 place.value | present_state);
    }

    /// A page without an entry stays a hole of the file.
    void flush() {
        if (!bytes_.empty()) output_.write(table_place + ByteCount{page_ * page_bytes}, bytes_);
        bytes_.clear();
    }

private:
    Output& output_;
    std::uint64_t ratio_;
    std::uint64_t page_ = 0;
    Bytes bytes_;
};

/// The parts of the file, and the order in which they are written.
class NewFile {
public:
    NewFile(std::unique_ptr<Output> output, const Metadata& metadata)
        : output_(std::move(output)), metadata_(metadata), table_(*output_, metadata) {
        const std::uint64_t table_bytes = std::max<std::uint64_t>(1, metadata.table_entries() * table_entry_bytes);
        regions_ = {{table_place, {divide_up(table_bytes, unit) * unit}}, metadata_place};
        end_ = regions_.block_table.end();
    }

    const Metadata& metadata() const { return metadata_; }
    Output& output() { return *output_; }
    const Output& output() const { return *output_; }

    /// A place for `count` blocks from `first` on, in one piece.
    ByteOffset place(std::uint64_t first, std::uint64_t count) {
        const ByteOffset begin = end_;
        for (std::uint64_t block = first; block < first + count; ++block) {
            table_.set(block, end_);
            end_ += metadata_.block_size;
        }
        return begin;
    }

    void complete() {
        table_.flush();
        output_->resize(end_ - ByteOffset{});
        output_->write(metadata_place.begin, encode_metadata(metadata_));
        output_->write({}, first_mib());
        output_->commit();
    }

private:
    Bytes first_mib() const {
        constexpr std::u16string_view creator = u"varve";
        ByteWriter out;
        out.append(bytes_of("vhdxfile"));
        for (const char16_t character : creator) out.u16le(character);
        out.zeros(first_header.value - out.size());
        FileHeader header;
        header.file_write = metadata_.disk.derived("varve vhdx file write");
        header.data_write = metadata_.disk.derived("varve vhdx data write");
        header.log_range = log_place;
        for (const ByteOffset end : {second_header, first_region_table}) {
            ++header.sequence;
            out.append(encode_file_header(header));
            out.zeros(end.value - out.size());
        }
        out.append(encode_regions(regions_));
        out.append(encode_regions(regions_));
        return out.release();
    }

    std::unique_ptr<Output> output_;
    Metadata metadata_;
    TableWriter table_;
    Regions regions_;
    ByteOffset end_;
};

class FixedWriter final : public ImageWriter {
public:
    FixedWriter(std::unique_ptr<Output> output, const Metadata& metadata)
        : file_(std::move(output), metadata), order_(metadata.virtual_size), data_(file_.place(0, metadata.blocks())) {}

    void write(ByteOffset at, ByteView bytes) override {
        order_.advance({at, {bytes.size()}});
        write_sparse(file_.output(), data_ + (at - ByteOffset{}), bytes);
    }
    void zero(ByteRange range) override { order_.advance(range); }  // a hole of the new file
    void finish() override {
        order_.finish();
        file_.complete();
    }
    ByteCount bytes_written() const override { return file_.output().bytes_written(); }

private:
    NewFile file_;
    WriteOrder order_;
    ByteOffset data_;
};

class DynamicBlocks final : public UnitSink {
public:
    DynamicBlocks(std::unique_ptr<Output> output, const Metadata& metadata) : file_(std::move(output), metadata) {}

    /// A run of blocks with data is in one piece in the file.
    void put(ByteOffset guest, ByteView blocks) override {
        const ByteCount size = file_.metadata().block_size;
        ZeroSplit split(guest, blocks, size);
        while (const auto run = split.next()) {
            if (run->is_zero) continue;
            const ByteOffset place = file_.place(run->begin.value / size.value, run->bytes.size() / size.value);
            write_sparse(file_.output(), place, run->bytes);
        }
    }
    void put_part(ByteOffset guest, ByteView block, UnitParts) override { put(guest, block); }
    void zero(ByteRange) override {}  // not present
    void finish() override { file_.complete(); }
    ByteCount bytes_written() const override { return file_.output().bytes_written(); }

private:
    NewFile file_;
};

}  // namespace

std::unique_ptr<ImageWriter> create_writer(std::unique_ptr<Output> output, ByteCount virtual_size,
                                           const CreationOptions& options) {
    const Metadata metadata = metadata_of(virtual_size, options);
    VARVE_CHECK(virtual_size <= virtual_size_max && virtual_size.value % metadata.sector_size.value == 0);
    if (metadata.is_fixed) return std::make_unique<FixedWriter>(std::move(output), metadata);
    return write_in_units(std::make_unique<DynamicBlocks>(std::move(output), metadata), virtual_size,
                          metadata.block_size);
}

}  // namespace varve::vhdx
