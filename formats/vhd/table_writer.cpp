#include "formats/vhd/table_writer.h"

#include "engine/base/check.h"
#include "formats/vhd/dynamic_header.h"

namespace varve::vhd {
namespace {

constexpr std::size_t table_page_bytes = std::size_t{64} << 10;
constexpr std::uint64_t sector_entries = 512 / table_entry_bytes;
constexpr std::uint32_t absent = 0xffffffff;

}  // namespace

TableWriter::TableWriter(Output& output, ByteOffset place, std::uint32_t entries)
    : output_(output), next_page_(place), entries_(divide_up(entries, sector_entries) * sector_entries) {
    page_.reserve(table_page_bytes);
}

void TableWriter::set(std::uint64_t block, std::uint32_t sector) {
    VARVE_CHECK(block >= next_block_ && block < entries_);
    while (next_block_ < block) append(absent);
    append(sector);
}

void TableWriter::append(std::uint32_t entry) {
    page_.resize(page_.size() + table_entry_bytes);
    store_be<std::uint32_t>(ByteSpan(page_).last(table_entry_bytes), entry);
    ++next_block_;
    if (page_.size() == table_page_bytes) flush();
}

void TableWriter::flush() {
    if (page_.empty()) return;
    output_.write(next_page_, page_);
    next_page_ += ByteCount{page_.size()};
    page_.clear();
}

void TableWriter::finish() {
    while (next_block_ < entries_) append(absent);
    flush();
}

}  // namespace varve::vhd
