#include "formats/vdi/writer.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/base/write_order.h"
#include "formats/base/zero_split.h"
#include "formats/output/unit_writer.h"
#include "formats/vdi/header.h"
#include "formats/vdi/map_writer.h"

namespace varve::vdi {
namespace {

constexpr ByteCount block_size = mib(1);
constexpr ByteOffset map_place{mib(1).value};
constexpr std::uint64_t alignment = mib(1).value;
constexpr std::uint64_t blocks_max = ((std::uint64_t{1} << 31) - 512) / 4;

Header header_of(ByteCount virtual_size, const CreationOptions& options) {
    Header header;
    header.type = options.is_static ? ImageType::fixed : ImageType::dynamic;
    header.virtual_size = virtual_size;
    header.block_size = block_size;
    header.blocks = static_cast<std::uint32_t>(divide_up(virtual_size.value, block_size.value));
    header.map = map_place;
    header.data = ByteOffset{divide_up(header.map_range().end().value, alignment) * alignment};
    header.create = options.uuid.value_or(Uuid::make_random());
    header.modify = options.uuid ? header.create.derived("varve vdi modification") : Uuid::make_random();
    if (options.modification_uuid) header.modify = *options.modification_uuid;
    return header;
}

/// The parts of the file, and the order in which they are written.
class NewFile {
public:
    NewFile(std::unique_ptr<Output> output, const Header& header)
        : output_(std::move(output)), header_(header), map_(*output_, header.map, header.blocks) {}

    /// Where the block at `position` among those with data is.
    ByteOffset block_place(std::uint32_t position) const {
        return header_.data + ByteCount{position * block_size.value};
    }

    Output& output() { return *output_; }
    const Output& output() const { return *output_; }
    Header& header() { return header_; }
    MapWriter& map() { return map_; }

    void complete() {
        map_.finish();
        output_->resize(block_place(header_.blocks_allocated) - ByteOffset{});
        output_->write({}, encode_header(header_));
        output_->commit();
    }

private:
    std::unique_ptr<Output> output_;
    Header header_;
    MapWriter map_;
};

class StaticWriter final : public ImageWriter {
public:
    StaticWriter(std::unique_ptr<Output> output, const Header& header)
        : file_(std::move(output), header), order_(header.virtual_size) {
        file_.header().blocks_allocated = header.blocks;
        file_.output().resize(file_.block_place(header.blocks) - ByteOffset{});
    }

    void write(ByteOffset at, ByteView bytes) override {
        order_.advance({at, {bytes.size()}});
        write_sparse(file_.output(), file_.header().data + (at - ByteOffset{}), bytes);
    }

    void zero(ByteRange range) override { order_.advance(range); }  // a hole of the new file

    void finish() override {
        order_.finish();
        for (std::uint32_t block = 0; block < file_.header().blocks; ++block) file_.map().set_data(block, block);
        file_.complete();
    }

    ByteCount bytes_written() const override { return file_.output().bytes_written(); }

private:
    NewFile file_;
    WriteOrder order_;
};

class DynamicBlocks final : public UnitSink {
public:
    DynamicBlocks(std::unique_ptr<Output> output, const Header& header) : file_(std::move(output), header) {}

    void put(ByteOffset guest, ByteView blocks) override;
    void put_part(ByteOffset guest, ByteView block, UnitParts) override { put(guest, block); }
    void zero(ByteRange guest) override;
    void finish() override { file_.complete(); }
    ByteCount bytes_written() const override { return file_.output().bytes_written(); }

private:
    NewFile file_;
};

/// A run of blocks with data is in one piece in the file.
void DynamicBlocks::put(ByteOffset guest, ByteView blocks) {
    std::uint32_t& allocated = file_.header().blocks_allocated;
    ZeroSplit split(guest, blocks, block_size);
    while (const auto run = split.next()) {
        if (run->is_zero) {
            zero(run->range());
            continue;
        }
        write_sparse(file_.output(), file_.block_place(allocated), run->bytes);
        const std::uint64_t first = run->begin.value / block_size.value;
        for (std::uint64_t i = 0; i < run->bytes.size() / block_size.value; ++i)
            file_.map().set_data(first + i, allocated++);
    }
}

void DynamicBlocks::zero(ByteRange guest) {
    for (std::uint64_t block = guest.begin.value / block_size.value; block * block_size.value < guest.end().value;
         ++block)
        file_.map().set_zero(block);
}

}  // namespace

ByteCount virtual_size_max() { return {blocks_max * block_size.value}; }

std::unique_ptr<ImageWriter> create_writer(std::unique_ptr<Output> output, ByteCount virtual_size,
                                           const CreationOptions& options) {
    if (virtual_size > virtual_size_max())
        throw Error(ErrorCode::unsupported,
                    fmt::format("a disk of {} bytes is too large for vdi, which holds at most {}: choose qcow2 or raw",
                                virtual_size.value, virtual_size_max().value));
    const Header header = header_of(virtual_size, options);
    if (options.is_static) return std::make_unique<StaticWriter>(std::move(output), header);
    return write_in_units(std::make_unique<DynamicBlocks>(std::move(output), header), virtual_size, block_size);
}

}  // namespace varve::vdi
