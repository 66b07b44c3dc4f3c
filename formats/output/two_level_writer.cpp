#include "formats/output/two_level_writer.h"

#include <utility>

#include "engine/base/check.h"
#include "formats/base/zero_split.h"
#include "formats/output/unit_writer.h"

namespace varve {
namespace {

constexpr std::size_t entry_bytes = 8;
constexpr std::uint64_t l1_page_entries = (64 << 10) / entry_bytes;

/// The clusters of the file, allocated from front to back.
class FileSpace {
public:
    FileSpace(ByteOffset end, ByteCount cluster_size) : end_(end), cluster_size_(cluster_size) {}

    /// The start of at least `length` new bytes, in whole clusters.
    ByteOffset take(ByteCount length) {
        const ByteOffset begin = end_;
        end_ += ByteCount{divide_up(length.value, cluster_size_.value) * cluster_size_.value};
        return begin;
    }
    ByteOffset end() const { return end_; }

private:
    ByteOffset end_;
    ByteCount cluster_size_;
};

/// A part of a table in memory. Entries that are not set are 0, and a part without any other is not written.
class TablePart {
public:
    TablePart(std::uint64_t entries, std::endian order)
        : bytes_(static_cast<std::size_t>(entries) * entry_bytes), order_(order) {}

    void set(std::uint64_t index, std::uint64_t entry) {
        const ByteSpan place = ByteSpan(bytes_).subspan(static_cast<std::size_t>(index) * entry_bytes, entry_bytes);
        order_ == std::endian::big ? store_be(place, entry) : store_le(place, entry);
    }

    /// Writes the entries and sets all to 0.
    void flush(Output& output, ByteOffset place, std::uint64_t entries) {
        output.write(place, ByteView(bytes_).first(static_cast<std::size_t>(entries) * entry_bytes));
        std::fill(bytes_.begin(), bytes_.end(), std::byte{0});
    }

private:
    Bytes bytes_;
    std::endian order_;
};

class Tables {
public:
    Tables(Output& output, FileSpace& space, const TwoLevelLayout& layout, std::uint64_t clusters)
        : output_(output),
          space_(space),
          layout_(layout),
          l1_entries_(divide_up(clusters, layout.l2_entries)),
          l1_(l1_page_entries, layout.order),
          l2_(layout.l2_entries, layout.order) {}

    /// Clusters ascend from call to call.
    void set(std::uint64_t cluster, std::uint64_t entry) {
        const std::uint64_t table = cluster / layout_.l2_entries;
        if (table != table_ || !l2_place_) {
            finish_l2();
            begin_l2(table);
        }
        l2_.set(cluster % layout_.l2_entries, entry);
    }

    void finish() {
        finish_l2();
        flush_l1();
    }

private:
    void begin_l2(std::uint64_t table) {
        if (table / l1_page_entries != table_ / l1_page_entries) flush_l1();
        table_ = table;
        l2_place_ = space_.take({layout_.l2_entries * entry_bytes});
        l1_.set(table % l1_page_entries, l2_place_->value);
        has_l1_ = true;
    }

    void finish_l2() {
        if (l2_place_) l2_.flush(output_, *l2_place_, layout_.l2_entries);
        l2_place_.reset();
    }

    void flush_l1() {
        if (!has_l1_) return;
        const std::uint64_t first = table_ / l1_page_entries * l1_page_entries;
        l1_.flush(output_, layout_.l1.begin + ByteCount{first * entry_bytes},
                  std::min(l1_page_entries, l1_entries_ - first));
        has_l1_ = false;
    }

    Output& output_;
    FileSpace& space_;
    TwoLevelLayout layout_;
    std::uint64_t l1_entries_;
    TablePart l1_;
    TablePart l2_;
    std::uint64_t table_ = 0;             ///< the L2 table that is being filled
    std::optional<ByteOffset> l2_place_;  ///< its place; nothing: none is
    bool has_l1_ = false;                 ///< an entry of the L1 page of table_ is set
};

class NewFile final : public UnitSink {
public:
    NewFile(std::unique_ptr<Output> output, ByteCount virtual_size, const TwoLevelLayout& layout, Bytes header)
        : output_(std::move(output)),
          layout_(layout),
          header_(std::move(header)),
          space_(layout.l1.end(), layout.cluster_size),
          tables_(*output_, space_, layout, divide_up(virtual_size.value, layout.cluster_size.value)) {}

    void put(ByteOffset guest, ByteView clusters) override {
        ZeroSplit split(guest, clusters, layout_.cluster_size);
        while (const auto run = split.next()) {
            if (run->is_zero)
                zero(run->range());
            else
                output_->write(place(run->range()), run->bytes);
        }
    }

    void put_part(ByteOffset guest, ByteView cluster, UnitParts) override {
        const ByteRange range{guest, {cluster.size()}};
        if (is_zero(cluster))
            zero(range);
        else
            write_sparse(*output_, place(range), cluster);
    }

    void zero(ByteRange guest) override {
        if (!layout_.zero_entry && layout_.keeps_zeros) place(guest);
        if (!layout_.zero_entry) return;
        for (std::uint64_t cluster = first_of(guest); cluster < end_of(guest); ++cluster)
            tables_.set(cluster, *layout_.zero_entry);
    }

    void finish() override {
        tables_.finish();
        output_->resize(space_.end() - ByteOffset{});
        output_->write({}, header_);
        output_->commit();
    }

    ByteCount bytes_written() const override { return output_->bytes_written(); }

private:
    std::uint64_t first_of(ByteRange guest) const { return guest.begin.value / layout_.cluster_size.value; }
    std::uint64_t end_of(ByteRange guest) const { return guest.end().value / layout_.cluster_size.value; }

    /// A place for whole clusters, in one piece.
    ByteOffset place(ByteRange guest) {
        const ByteOffset begin = space_.take(guest.length);
        ByteOffset next = begin;
        for (std::uint64_t cluster = first_of(guest); cluster < end_of(guest); ++cluster) {
            tables_.set(cluster, next.value);
            next += layout_.cluster_size;
        }
        return begin;
    }

    std::unique_ptr<Output> output_;
    TwoLevelLayout layout_;
    Bytes header_;
    FileSpace space_;
    Tables tables_;
};

}  // namespace

std::unique_ptr<ImageWriter> write_two_levels(std::unique_ptr<Output> output, ByteCount virtual_size,
                                              const TwoLevelLayout& layout, Bytes header) {
    VARVE_CHECK(layout.l1.end().value % layout.cluster_size.value == 0);
    return write_in_units(std::make_unique<NewFile>(std::move(output), virtual_size, layout, std::move(header)),
                          virtual_size, layout.cluster_size);
}

}  // namespace varve
