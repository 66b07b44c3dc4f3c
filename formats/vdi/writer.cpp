#include "formats/vdi/writer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/base/range_cut.h"
#include "formats/base/write_order.h"
#include "formats/base/zero_split.h"
#include "formats/vdi/header_writer.h"
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
    return header;
}

/// What both kinds share: the file's parts and the order in which they are written.
class Writer : public ImageWriter {
public:
    Writer(std::unique_ptr<Output> output, const Header& header)
        : output_(std::move(output)),
          header_(header),
          order_(header.virtual_size),
          map_(*output_, header.map, header.blocks) {}

    ByteCount bytes_written() const override { return output_->bytes_written(); }

protected:
    void complete() {
        map_.finish();
        output_->resize(block_place(header_.blocks_allocated) - ByteOffset{});
        output_->write({}, encode_header(header_));
        output_->commit();
    }

    ByteOffset block_place(std::uint32_t position) const {
        return header_.data + ByteCount{position * block_size.value};
    }

    std::unique_ptr<Output> output_;
    Header header_;
    WriteOrder order_;
    MapWriter map_;
};

class StaticWriter final : public Writer {
public:
    StaticWriter(std::unique_ptr<Output> output, const Header& header) : Writer(std::move(output), header) {
        header_.blocks_allocated = header_.blocks;
        output_->resize(block_place(header_.blocks) - ByteOffset{});
    }

    void write(ByteOffset at, ByteView bytes) override {
        order_.advance({at, {bytes.size()}});
        write_sparse(*output_, header_.data + (at - ByteOffset{}), bytes);
    }

    void zero(ByteRange range) override { order_.advance(range); }  // a hole of the new file

    void finish() override {
        order_.finish();
        for (std::uint32_t block = 0; block < header_.blocks; ++block) map_.set_data(block, block);
        complete();
    }
};

class DynamicWriter final : public Writer {
public:
    using Writer::Writer;

    void write(ByteOffset at, ByteView bytes) override;
    void zero(ByteRange range) override;

    void finish() override {
        order_.finish();
        flush_partial();
        complete();
    }

private:
    void put(ByteOffset guest, ByteView blocks);
    void set_zero(ByteRange guest);
    ByteSpan partial_at(ByteRange part);
    void flush_partial();

    /// The block that ranges ending in its midst fill bit by bit; zeros where nothing came.
    Bytes partial_ = Bytes(block_size.value);
    std::optional<ByteOffset> partial_begin_;
};

void DynamicWriter::write(ByteOffset at, ByteView bytes) {
    const ByteRange range{at, {bytes.size()}};
    order_.advance(range);
    const RangeCut cut = cut_at_units(range, block_size);
    const auto bytes_in = [&](ByteRange part) { return bytes.subspan((part.begin - at).value, part.length.value); };
    if (!cut.head.empty()) std::ranges::copy(bytes_in(cut.head), partial_at(cut.head).begin());
    if (!cut.whole.empty()) {
        flush_partial();
        put(cut.whole.begin, bytes_in(cut.whole));
    }
    if (!cut.tail.empty()) std::ranges::copy(bytes_in(cut.tail), partial_at(cut.tail).begin());
}

void DynamicWriter::zero(ByteRange range) {
    order_.advance(range);
    const RangeCut cut = cut_at_units(range, block_size);
    if (!cut.head.empty()) partial_at(cut.head);
    if (!cut.whole.empty()) {
        flush_partial();
        set_zero(cut.whole);
    }
    if (!cut.tail.empty()) partial_at(cut.tail);
}

/// Whole blocks. Runs of those with data lie in one piece in the file.
void DynamicWriter::put(ByteOffset guest, ByteView blocks) {
    ZeroSplit split(guest, blocks, block_size);
    while (const auto run = split.next()) {
        if (run->is_zero) {
            set_zero(run->range());
            continue;
        }
        write_sparse(*output_, block_place(header_.blocks_allocated), run->bytes);
        const std::uint64_t first = run->begin.value / block_size.value;
        for (std::uint64_t i = 0; i < run->bytes.size() / block_size.value; ++i)
            map_.set_data(first + i, header_.blocks_allocated++);
    }
}

void DynamicWriter::set_zero(ByteRange guest) {
    for (std::uint64_t block = guest.begin.value / block_size.value; block * block_size.value < guest.end().value;
         ++block)
        map_.set_zero(block);
}

/// The bytes of `part`, inside one block, in the partial block; begins that block if another was held.
ByteSpan DynamicWriter::partial_at(ByteRange part) {
    const std::uint64_t into_block = part.begin.value % block_size.value;
    const ByteOffset begin = part.begin - ByteCount{into_block};
    if (partial_begin_ != begin) {
        flush_partial();
        partial_begin_ = begin;
    }
    return ByteSpan(partial_).subspan(into_block, part.length.value);
}

void DynamicWriter::flush_partial() {
    if (!partial_begin_) return;
    put(*std::exchange(partial_begin_, std::nullopt), partial_);
    std::ranges::fill(partial_, std::byte{0});
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
    return std::make_unique<DynamicWriter>(std::move(output), header);
}

}  // namespace varve::vdi
