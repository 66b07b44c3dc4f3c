#include "formats/vhdx/reader.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "formats/base/padded_read.h"
#include "formats/base/stored_extent.h"
#include "formats/vhdx/log.h"
#include "formats/vhdx/regions.h"

namespace varve::vhdx {
namespace {

void check_identifier(const ByteSource& file) {
    std::array<std::byte, 8> start{};
    if (read_some(file, {}, start) < start.size() || text_of(start) != "vhdxfile")
        throw corrupt(file, {}, "expected a file that begins with 'vhdxfile', found other bytes");
}

}  // namespace

Reader::Reader(ByteSourcePtr file, std::vector<std::string> warnings, std::shared_ptr<ReadCaches> caches) {
    info_.warnings = std::move(warnings);
    check_identifier(*file);
    header_ = read_file_header(*file, info_.warnings);
    file_ = replay_log(file, header_, info_.warnings);
    const Regions regions = read_regions(*file_, info_.warnings);
    metadata_ = read_metadata(*file_, regions.metadata);
    std::vector<ByteRange> reserved{regions.block_table, regions.metadata};
    if (!header_.log.is_null()) reserved.push_back(header_.log_range);
    map_ = std::make_unique<BlockMap>(*file_, regions.block_table, metadata_, std::move(reserved), std::move(caches));
    describe();
}

void Reader::describe() {
    info_.format = "vhdx";
    info_.virtual_size = metadata_.virtual_size;
    info_.cluster_size = metadata_.block_size;
    info_.options = {{"subformat", metadata_.is_fixed ? "fixed" : "dynamic"},
                     {"block_size", fmt::format("{}", metadata_.block_size.value)},
                     {"logical_sector_size", fmt::format("{}", metadata_.sector_size.value)}};
    if (!metadata_.has_parent) return;
    info_.features.emplace_back("differencing");
    const auto name = metadata_.parent.find("relative_path");
    const auto linkage = metadata_.parent.find("parent_linkage");
    if (name != metadata_.parent.end())
        info_.backing = name->second;
    else if (linkage != metadata_.parent.end())
        info_.backing = linkage->second;
    else
        info_.backing = "";
}

Extent Reader::extent_at(ByteOffset at) const {
    VARVE_CHECK(at.value < info_.virtual_size.value);
    if (const auto rest = recent_.rest_from(at)) return *rest;
    Extent extent = mapped_extent_at(at);
    const auto run_at = [&](ByteRange guest) -> StoredRun {
        const BlockRun run = map_->run_at(guest);
        return {run.length, run.place};
    };
    if (extent.kind == ExtentKind::data) extent = stored_extent(*file_, {at, extent.length}, run_at);
    recent_.remember(extent);
    return extent;
}

Extent Reader::mapped_extent_at(ByteOffset at) const {
    if (const auto rest = mapped_.rest_from(at)) return *rest;
    const Extent extent = map_->extent_at(at);
    mapped_.remember(extent);
    return extent;
}

ByteCount Reader::read_blocks(ByteOffset place, ByteOffset at, ByteSpan out) const {
    const std::uint64_t block_size = metadata_.block_size.value;
    const std::uint64_t inside = at.value % block_size;
    const std::uint64_t to_last_block = (inside + out.size() - 1) / block_size * block_size;
    return padded_read(*file_, place, ByteOffset{place.value - inside + to_last_block}, out);
}

void Reader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
    while (!out.empty()) {
        const BlockRun run = map_->run_at({at, ByteCount{out.size()}});
        const ByteSpan part = out.first(static_cast<std::size_t>(run.length.value));
        if (run.kind == ExtentKind::data)
            bytes_read_.fetch_add(read_blocks(run.place, at, part).value, std::memory_order_relaxed);
        else
            std::fill(part.begin(), part.end(), std::byte{0});
        at += run.length;
        out = out.subspan(part.size());
    }
}

}  // namespace varve::vhdx
