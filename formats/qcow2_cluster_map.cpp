#include "formats/qcow2_cluster_map.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "formats/image_error.h"

namespace varve::qcow2 {
namespace {

constexpr int runs_merged_max = 16;

ExtentKind extent_kind(ClusterKind kind) {
    switch (kind) {
        case ClusterKind::unallocated:
            return ExtentKind::unallocated;
        case ClusterKind::zero:
            return ExtentKind::zero;
        case ClusterKind::data:
        case ClusterKind::compressed:
            return ExtentKind::data;
    }
    return ExtentKind::data;
}

}  // namespace

ClusterMap::ClusterMap(const File& file, Geometry geometry, TablePlace l1, ByteCount virtual_size,
                       const std::shared_ptr<ReadCaches>& caches)
    : file_(file),
      bound_(file),
      geometry_(geometry),
      l1_(l1),
      virtual_size_(virtual_size),
      clusters_(divide_up(virtual_size.value, geometry.cluster_size())),
      l1_pages_(file, 8, caches),
      l2_pages_(file, 8, caches) {}

Extent ClusterMap::extent_at(ByteOffset at) const {
    VARVE_CHECK(at.value < virtual_size_.value);
    std::uint64_t cluster = at.value >> geometry_.cluster_bits;
    const KindRun first = kind_run(cluster);
    if (first.clusters == 0) throw corrupt_image(file_, first.problem);
    cluster += first.clusters;
    for (int runs = 1; runs < runs_merged_max && cluster < clusters_; ++runs) {
        const KindRun next = kind_run(cluster);
        if (next.clusters == 0 || next.kind != first.kind) break;
        cluster += next.clusters;
    }
    const ByteOffset end{cluster >= clusters_ ? virtual_size_.value : cluster << geometry_.cluster_bits};
    return {at, end - at, first.kind};
}

HostRun ClusterMap::host_run_at(ByteRange guest) const {
    VARVE_CHECK(!guest.empty() && guest.end().value <= virtual_size_.value);
    const std::uint64_t cluster_size = geometry_.cluster_size();
    const std::uint64_t cluster = guest.begin.value >> geometry_.cluster_bits;
    const std::uint64_t inside = guest.begin.value & (cluster_size - 1);
    const std::uint64_t wanted = divide_up(inside + guest.length.value, cluster_size);

    const L1Entry l1 = checked_l1(l1_entries(cluster / geometry_.l2_entries()).word(0));
    if (l1.problem != nullptr) throw corrupt_image(file_, describe(l1, cluster));
    if (l1.absent()) {
        const std::uint64_t rest = (geometry_.l2_entries() - cluster % geometry_.l2_entries()) * cluster_size - inside;
        return {ClusterKind::unallocated, std::min(guest.length, ByteCount{rest}), {}, {}};
    }
    const TableEntries entries = l2_entries(l1, cluster);
    const L2Entry first = checked_l2(entries.word(0));
    if (first.problem != nullptr) throw corrupt_image(file_, describe(l1, first, cluster));
    std::uint64_t count = 1;
    const std::uint64_t count_max =
        first.kind == ClusterKind::compressed ? 1 : std::min<std::uint64_t>(wanted, entries.count);
    for (; count < count_max; ++count) {
        const L2Entry next = checked_l2(entries.word(count));
        if (next.problem != nullptr || next.kind != first.kind) break;
        if (next.kind == ClusterKind::data && next.host.value != first.host.value + count * cluster_size) break;
    }
    const std::uint64_t skip = first.kind == ClusterKind::data ? inside : 0;
    return {first.kind, std::min(guest.length, ByteCount{count * cluster_size - inside}), first.host + ByteCount{skip},
            first.stored};
}

ClusterMap::KindRun ClusterMap::kind_run(std::uint64_t cluster) const {
    const std::uint64_t l1_index = cluster / geometry_.l2_entries();
    const L1Entry l1 = checked_l1(l1_entries(l1_index).word(0));
    if (l1.problem != nullptr) return {ExtentKind::unallocated, 0, describe(l1, cluster)};
    return l1.absent() ? absent_run(l1_index, cluster) : allocated_run(l1, cluster);
}

/// All L1 entries without a table that follow each other in one page.
ClusterMap::KindRun ClusterMap::absent_run(std::uint64_t l1_index, std::uint64_t cluster) const {
    const TableEntries entries = l1_entries(l1_index);
    std::size_t count = 1;
    while (count < entries.count && decode_l1(entries.word(count), geometry_).absent()) ++count;
    const std::uint64_t end = (l1_index + count) * geometry_.l2_entries();
    return {ExtentKind::unallocated, std::min(end, clusters_) - cluster, {}};
}

ClusterMap::KindRun ClusterMap::allocated_run(const L1Entry& l1, std::uint64_t cluster) const {
    const TableEntries entries = l2_entries(l1, cluster);
    const L2Entry first = checked_l2(entries.word(0));
    if (first.problem != nullptr) return {ExtentKind::unallocated, 0, describe(l1, first, cluster)};
    KindRun run{extent_kind(first.kind), 1, {}};
    const std::uint64_t count_max = std::min<std::uint64_t>(entries.count, clusters_ - cluster);
    for (; run.clusters < count_max; ++run.clusters) {
        const L2Entry next = checked_l2(entries.word(run.clusters));
        if (next.problem != nullptr || extent_kind(next.kind) != run.kind) break;
    }
    return run;
}

TableEntries ClusterMap::l1_entries(std::uint64_t index) const { return l1_pages_.entries_from(l1_.range(), index); }

TableEntries ClusterMap::l2_entries(const L1Entry& l1, std::uint64_t cluster) const {
    return l2_pages_.entries_from({l1.l2_table, ByteCount{geometry_.cluster_size()}}, cluster % geometry_.l2_entries());
}

L1Entry ClusterMap::checked_l1(std::uint64_t raw) const {
    L1Entry entry = decode_l1(raw, geometry_);
    if (entry.problem == nullptr && !entry.absent() &&
        !bound_.contains(ByteRange{entry.l2_table, ByteCount{geometry_.cluster_size()}}))
        entry.problem = "an L2 table past the end of the file";
    return entry;
}

L2Entry ClusterMap::checked_l2(std::uint64_t raw) const {
    L2Entry entry = decode_l2(raw, geometry_);
    const bool stored = entry.kind == ClusterKind::data || entry.kind == ClusterKind::compressed;
    if (entry.problem == nullptr && stored && !bound_.contains(entry.host))
        entry.problem = "a cluster past the end of the file";
    return entry;
}

std::string ClusterMap::describe(const L1Entry& l1, std::uint64_t cluster) const {
    return fmt::format(
        "L1 entry {} (table at offset {}): expected an L2 table within the {} bytes of the file, found {} "
        "(offset {})",
        cluster / geometry_.l2_entries(), l1_.offset.value, bound_.size().value, l1.problem, l1.l2_table.value);
}

std::string ClusterMap::describe(const L1Entry& l1, const L2Entry& entry, std::uint64_t cluster) const {
    return fmt::format(
        "L2 table {} at offset {}, entry {}: expected a cluster within the {} bytes of the file, found {} "
        "(offset {})",
        cluster / geometry_.l2_entries(), l1.l2_table.value, cluster % geometry_.l2_entries(), bound_.size().value,
        entry.problem, entry.host.value);
}

}  // namespace varve::qcow2
