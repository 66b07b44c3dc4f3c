#include "formats/parallels/map_writer.h"

#include "engine/base/check.h"

namespace varve::parallels {
namespace {

constexpr std::size_t map_page_bytes = std::size_t{64} << 10;

}  // namespace

MapWriter::MapWriter(Output& output, const Header& header)
    : output_(output), next_page_(header.table().begin), clusters_(header.entries) {
    page_.reserve(map_page_bytes);
}

void MapWriter::set(std::uint64_t cluster, std::uint32_t place) {
    VARVE_CHECK(cluster >= next_cluster_ && cluster < clusters_ && place != 0);
    while (next_cluster_ < cluster) append(0);
    append(place);
}

void MapWriter::append(std::uint32_t entry) {
    page_.resize(page_.size() + entry_bytes);
    store_le<std::uint32_t>(ByteSpan(page_).last(entry_bytes), entry);
    ++next_cluster_;
    if (page_.size() == map_page_bytes) flush();
}

void MapWriter::flush() {
    if (page_.empty()) return;
    output_.write(next_page_, page_);
    next_page_ += ByteCount{page_.size()};
    page_.clear();
}

void MapWriter::finish() {
    while (next_cluster_ < clusters_) append(0);
    flush();
}

}  // namespace varve::parallels
