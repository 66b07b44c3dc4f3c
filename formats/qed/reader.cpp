#include "formats/qed/reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "formats/base/padded_read.h"
#include "formats/base/stored_extent.h"

namespace varve::qed {
namespace {

constexpr std::uint64_t zero_entry = 1;

StoredCluster decode(const Header& header, std::uint64_t entry) {
    if (entry == 0) return {};
    if (entry == zero_entry) return {StoredKind::zero, {}, {}, {}};
    StoredCluster cluster{StoredKind::data, ByteOffset{entry}, {}, {}};
    if (entry % header.cluster_size.value != 0)
        cluster.problem = fmt::format("has the place {}, expected a multiple of {}", entry, header.cluster_size.value);
    return cluster;
}

TwoLevelMap::Shape shape_of(const Header& header) {
    return {{header.l1, header.table_bytes()},
            header.table_entries(),
            header.cluster_size,
            header.virtual_size,
            std::endian::little,
            header.cluster_size.value,
            header.needs_check};
}

}  // namespace

Reader::Reader(ByteSourcePtr source, std::vector<std::string> warnings, std::shared_ptr<ReadCaches> caches)
    : source_(std::move(source)),
      header_(read_header(*source_)),
      map_(
          *source_, shape_of(header_), [this](std::uint64_t entry) { return decode(header_, entry); }, caches) {
    describe(std::move(warnings));
}

void Reader::describe(std::vector<std::string> warnings) {
    info_.format = "qed";
    info_.virtual_size = header_.virtual_size;
    info_.cluster_size = header_.cluster_size;
    info_.backing = header_.backing_name;
    info_.options = {{"cluster_size", fmt::format("{}", header_.cluster_size.value)},
                     {"table_size", fmt::format("{}", header_.table_clusters)}};
    info_.features = header_.ignored_bits;
    info_.warnings = std::move(warnings);
    if (!header_.needs_check) return;
    info_.features.emplace_back("needs check");
    info_.warnings.push_back(
        fmt::format("'{}' was not closed cleanly: it was read as its tables have it; QEMU repairs them when a machine "
                    "opens it, or 'qemu-img check -r all'",
                    source_->name()));
}

std::vector<std::string> Reader::late_warnings() const {
    std::vector<std::string> all = source_->late_warnings();
    for (std::string& sentence : map_.late_warnings()) all.push_back(std::move(sentence));
    return all;
}

Extent Reader::extent_at(ByteOffset at) const {
    VARVE_CHECK(at.value < info_.virtual_size.value);
    if (const auto rest = recent_.rest_from(at)) return *rest;
    Extent extent = map_.extent_at(at);
    const auto run_at = [&](ByteRange guest) -> StoredRun {
        const ClusterRun run = map_.run_at(guest);
        return {run.length, run.place};
    };
    if (extent.kind == ExtentKind::data) extent = stored_extent(*source_, {at, extent.length}, run_at);
    recent_.remember(extent);
    return extent;
}

void Reader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
    while (!out.empty()) {
        const ClusterRun run = map_.run_at({at, ByteCount{out.size()}});
        const ByteSpan part = out.first(static_cast<std::size_t>(run.length.value));
        if (run.kind == StoredKind::data)
            bytes_read_.fetch_add(padded_read(*source_, run.place, header_.cluster_size, part).value,
                                  std::memory_order_relaxed);
        else
            std::fill(part.begin(), part.end(), std::byte{0});
        at += run.length;
        out = out.subspan(part.size());
    }
}

}  // namespace varve::qed
