#include "formats/vdi/map_writer.h"

#include "engine/base/check.h"

namespace varve::vdi {
namespace {

constexpr std::size_t map_page_bytes = std::size_t{64} << 10;

}  // namespace

MapWriter::MapWriter(Output& output, ByteOffset place, std::uint32_t blocks)
    : output_(output), next_page_(place), blocks_(blocks) {
    page_.reserve(map_page_bytes);
}

void MapWriter::set(std::uint64_t block, std::uint32_t entry) {
    VARVE_CHECK(block >= next_block_ && block < blocks_);
    while (next_block_ < block) append(block_free);
    append(entry);
}

void MapWriter::append(std::uint32_t entry) {
    page_.resize(page_.size() + map_entry_bytes);
    store_le<std::uint32_t>(ByteSpan(page_).last(map_entry_bytes), entry);
    ++next_block_;
    if (page_.size() == map_page_bytes) flush();
}

void MapWriter::flush() {
    if (page_.empty()) return;
    output_.write(next_page_, page_);
    next_page_ += ByteCount{page_.size()};
    page_.clear();
}

void MapWriter::finish() {
    while (next_block_ < blocks_) append(block_free);
    flush();
}

}  // namespace varve::vdi
