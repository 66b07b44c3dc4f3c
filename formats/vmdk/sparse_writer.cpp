#include "formats/vmdk/sparse_writer.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "formats/output/unit_writer.h"
#include "formats/vmdk/descriptor_writer.h"
#include "formats/vmdk/new_grain_table.h"
#include "formats/vmdk/new_layout.h"

namespace varve::vmdk {
namespace {

constexpr std::uint32_t zeroed_entry = 1;
constexpr std::uint64_t directory_piece_entries = 16384;

struct SparseFile {
    ByteCount length;  ///< of the disk, or of the extent
    bool zeroed_grain = false;
    std::string descriptor;  ///< empty: none
};

/// One of the two copies of directory and tables.
struct TablesPlace {
    ByteOffset directory;
    ByteOffset tables;
    ByteOffset end;
};

TablesPlace place_tables(ByteOffset begin, std::uint64_t tables) {
    const ByteCount directory{divide_up(tables * 4, sector_bytes) * sector_bytes};
    return {begin, begin + directory, begin + directory + ByteCount{tables * new_table_length.value}};
}

class SparseGrains final : public UnitSink {
public:
    SparseGrains(std::unique_ptr<Output> output, SparseFile file)
        : output_(std::move(output)),
          file_(std::move(file)),
          tables_(divide_up(file_.length.value, new_table_reach.value)),
          redundant_(place_tables(file_.descriptor.empty() ? new_descriptor_place.begin : new_descriptor_place.end(),
                                  tables_)),
          primary_(place_tables(redundant_.end, tables_)),
          data_{divide_up(primary_.end.value, new_grain.value) * new_grain.value},
          end_(data_) {}

    void put(ByteOffset guest, ByteView grains) override;
    void put_part(ByteOffset guest, ByteView grain, UnitParts) override;
    void zero(ByteRange guest) override;
    void finish() override;
    ByteCount bytes_written() const override { return output_->bytes_written(); }

private:
    void put_data(ByteOffset guest, ByteView grains);
    void set(ByteOffset guest, std::uint32_t entry);
    void take(ByteRange guest);
    void flush_table();
    void write_directory(const TablesPlace& place);
    SparseHeader header() const;

    std::unique_ptr<Output> output_;
    SparseFile file_;
    std::uint64_t tables_;  ///< how many
    TablesPlace redundant_;
    TablesPlace primary_;
    ByteOffset data_;
    ByteOffset end_;  ///< of the grains so far
    NewGrainTable table_;
};

/// Each run of data is contiguous in the file and is written in one call.
void SparseGrains::put(ByteOffset guest, ByteView grains) {
    std::size_t run = 0;  // where the current run of data begins
    for (std::size_t at = 0; at < grains.size(); at += new_grain.value) {
        if (!is_zero(grains.subspan(at, new_grain.value))) continue;
        put_data(guest + ByteCount{run}, grains.subspan(run, at - run));
        zero({guest + ByteCount{at}, new_grain});
        run = at + new_grain.value;
    }
    put_data(guest + ByteCount{run}, grains.subspan(run));
}

void SparseGrains::put_data(ByteOffset guest, ByteView grains) {
    if (grains.empty()) return;
    const ByteOffset host = end_;
    take({guest, {grains.size()}});
    output_->write(host, grains);
}

void SparseGrains::put_part(ByteOffset guest, ByteView grain, UnitParts) {
    if (is_zero(grain)) return zero({guest, new_grain});
    const ByteOffset host = end_;
    take({guest, new_grain});
    write_sparse(*output_, host, grain);
}

void SparseGrains::zero(ByteRange guest) {
    if (!file_.zeroed_grain) return;
    for (ByteOffset at = guest.begin; at < guest.end(); at += new_grain) set(at, zeroed_entry);
}

/// Gives each grain of `guest` the next place in the file.
void SparseGrains::take(ByteRange guest) {
    for (ByteOffset at = guest.begin; at < guest.end(); at += new_grain) {
        set(at, table_entry(end_));
        end_ += new_grain;
    }
}

void SparseGrains::set(ByteOffset guest, std::uint32_t entry) {
    if (table_.number() && *table_.number() != NewGrainTable::number_of(guest)) flush_table();
    table_.set(guest, entry);
}

void SparseGrains::flush_table() {
    if (!table_.number()) return;
    const ByteCount into_tables{*table_.number() * new_table_length.value};
    output_->write(redundant_.tables + into_tables, table_.entries());
    output_->write(primary_.tables + into_tables, table_.entries());
    table_.clear();
}

void SparseGrains::write_directory(const TablesPlace& place) {
    for (std::uint64_t first = 0; first < tables_; first += directory_piece_entries) {
        Bytes piece(std::min(directory_piece_entries, tables_ - first) * 4);
        for (std::uint64_t i = 0; i * 4 < piece.size(); ++i) {
            const ByteOffset table = place.tables + ByteCount{(first + i) * new_table_length.value};
            store_le<std::uint32_t>(ByteSpan(piece).subspan(i * 4, 4), table_entry(table));
        }
        output_->write(place.directory + ByteCount{first * 4}, piece);
    }
}

SparseHeader SparseGrains::header() const {
    SparseHeader header = new_sparse_header(file_.length);
    header.version = file_.zeroed_grain ? 2 : 1;
    header.has_zero_grains = file_.zeroed_grain;
    if (!file_.descriptor.empty()) header.descriptor = new_descriptor_place;
    header.redundant_directory = redundant_.directory;
    header.directory = primary_.directory;
    header.data_begin = data_;
    return header;
}

void SparseGrains::finish() {
    flush_table();
    write_directory(redundant_);
    write_directory(primary_);
    VARVE_CHECK(file_.descriptor.size() < new_descriptor_place.length.value);
    if (!file_.descriptor.empty()) output_->write(new_descriptor_place.begin, bytes_of(file_.descriptor));
    output_->resize(end_ - ByteOffset{});
    output_->write({}, encode_sparse_header(header()));
    output_->commit();
}

}  // namespace

std::unique_ptr<ImageWriter> create_sparse_writer(std::unique_ptr<Output> output, ByteCount virtual_size,
                                                  const CreationOptions& options, const std::string& file_name) {
    check_new_size(virtual_size);
    check_can_name(file_name);
    const NewDescriptor disk{options, content_id(options.uuid), {{NewExtentKind::sparse, virtual_size, file_name}}};
    SparseFile file{virtual_size, options.zeroed_grain, describe(disk)};
    return write_in_units(std::make_unique<SparseGrains>(std::move(output), std::move(file)), virtual_size, new_grain);
}

std::unique_ptr<ImageWriter> create_sparse_extent_writer(std::unique_ptr<Output> output, ByteCount length,
                                                         bool zeroed_grain) {
    return write_in_units(std::make_unique<SparseGrains>(std::move(output), SparseFile{length, zeroed_grain, {}}),
                          length, new_grain);
}

}  // namespace varve::vmdk
