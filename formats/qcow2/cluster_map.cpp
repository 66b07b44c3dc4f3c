#include "formats/qcow2/cluster_map.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "formats/base/image_error.h"

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

std::uint64_t l2_index(const Geometry& geometry, ByteOffset at) {
    return at.value % geometry.l2_span() / geometry.cluster_size();
}

unsigned subcluster_of(const Geometry& geometry, ByteOffset at) {
    return static_cast<unsigned>(at.value % geometry.cluster_size() / geometry.subcluster_size());
}

}  // namespace

ClusterMap::ClusterMap(const ByteSource& file, const ByteSource& data, Geometry geometry, TablePlace l1,
                       ByteCount virtual_size, const std::shared_ptr<ReadCaches>& caches)
    : file_(file),
      table_bound_(file),
      data_bound_(data),
      geometry_(geometry),
      l1_(l1),
      end_(ByteOffset{} + virtual_size),
      l1_pages_(file, 8, caches),
      l2_pages_(file, geometry.l2_entry_bytes(), caches) {}

Extent ClusterMap::extent_at(ByteOffset at) const {
    VARVE_CHECK(at < end_);
    const KindRun first = kind_run(at);
    if (!first.problem.empty()) throw corrupt_image(file_, first.problem);
    ByteOffset end = first.end;
    for (int runs = 1; runs < runs_merged_max && end < end_; ++runs) {
        const KindRun next = kind_run(end);
        if (!next.problem.empty() || next.kind != first.kind) break;
        end = next.end;
    }
    return {at, end - at, first.kind};
}

HostRun ClusterMap::host_run_at(ByteRange guest) const {
    VARVE_CHECK(!guest.empty() && guest.end() <= end_);
    const ByteOffset at = guest.begin;
    const L1Entry l1 = checked_l1(load_l1(l1_entries(at)[0]));
    if (l1.problem != nullptr) throw corrupt_image(file_, describe(l1, at));
    if (l1.absent()) return {ClusterKind::unallocated, std::min(guest.end(), absent_end(at)) - at, {}, {}};

    const TableEntries entries = l2_entries(l1, at);
    const L2Entry first = checked_l2(load_l2(entries[0]), at);
    if (first.problem != nullptr) throw corrupt_image(file_, describe(l1, first, at));
    const ClusterKind kind = first.kind_at(subcluster_of(geometry_, at));
    const ByteOffset end = run_end(entries, first, guest, [&](const L2Entry& next, std::uint64_t index) {
        if (kind == ClusterKind::compressed || next.kind_at(0) != kind) return false;
        return kind != ClusterKind::data || next.host.value == first.host.value + index * geometry_.cluster_size();
    });
    const ByteCount skip{kind == ClusterKind::data ? at.value % geometry_.cluster_size() : 0};
    return {kind, end - at, first.host + skip, first.stored};
}

ClusterMap::KindRun ClusterMap::kind_run(ByteOffset at) const {
    const L1Entry l1 = checked_l1(load_l1(l1_entries(at)[0]));
    if (l1.problem != nullptr) return {ExtentKind::unallocated, at, describe(l1, at)};
    if (l1.absent()) return {ExtentKind::unallocated, absent_end(at), {}};
    return allocated_run(l1, at);
}

/// The end of the consecutive L1 entries without a table, within one page.
ByteOffset ClusterMap::absent_end(ByteOffset at) const {
    const TableEntries entries = l1_entries(at);
    std::size_t count = 1;
    while (count < entries.count && decode_l1(load_l1(entries[count]), geometry_).absent()) ++count;
    return std::min(end_, ByteOffset{(at.value / geometry_.l2_span() + count) * geometry_.l2_span()});
}

ClusterMap::KindRun ClusterMap::allocated_run(const L1Entry& l1, ByteOffset at) const {
    const TableEntries entries = l2_entries(l1, at);
    const L2Entry first = checked_l2(load_l2(entries[0]), at);
    if (first.problem != nullptr) return {ExtentKind::unallocated, at, describe(l1, first, at)};
    const ExtentKind kind = extent_kind(first.kind_at(subcluster_of(geometry_, at)));
    const auto joins = [&](const L2Entry& next, std::uint64_t) { return extent_kind(next.kind_at(0)) == kind; };
    return {kind, run_end(entries, first, {at, end_ - at}, joins), {}};
}

/// The end of the run that begins at `guest`, within `guest` and the page of `entries`: the equal subclusters of the
/// `first` entry, and those at the start of the sound entries after it, as long as `joins(entry, index)` holds and no
/// subcluster in between differs.
template <typename Joins>
ByteOffset ClusterMap::run_end(const TableEntries& entries, const L2Entry& first, ByteRange guest,
                               const Joins& joins) const {
    const std::uint64_t cluster_size = geometry_.cluster_size();
    ByteOffset cluster{guest.begin.value / cluster_size * cluster_size};
    const unsigned subcluster = subcluster_of(geometry_, guest.begin);
    ByteOffset end =
        cluster + ByteCount{(subcluster + first.equal_subclusters(subcluster)) * geometry_.subcluster_size()};
    for (std::size_t index = 1; index < entries.count; ++index) {
        cluster += ByteCount{cluster_size};
        if (end != cluster || end >= guest.end()) break;
        const L2Entry next = checked_l2(load_l2(entries[index]), cluster);
        if (next.problem != nullptr || !joins(next, index)) break;
        end += ByteCount{next.equal_subclusters(0) * geometry_.subcluster_size()};
    }
    return std::min(end, guest.end());
}

TableEntries ClusterMap::l1_entries(ByteOffset at) const {
    return l1_pages_.entries_from(l1_.range(), at.value / geometry_.l2_span());
}

TableEntries ClusterMap::l2_entries(const L1Entry& l1, ByteOffset at) const {
    return l2_pages_.entries_from({l1.l2_table, ByteCount{geometry_.cluster_size()}}, l2_index(geometry_, at));
}

L1Entry ClusterMap::checked_l1(std::uint64_t raw) const {
    L1Entry entry = decode_l1(raw, geometry_);
    if (entry.problem == nullptr && !entry.absent() &&
        !table_bound_.contains(ByteRange{entry.l2_table, ByteCount{geometry_.cluster_size()}}))
        entry.problem = "an L2 table past the end of the file";
    return entry;
}

L2Entry ClusterMap::checked_l2(const RawL2Entry& raw, ByteOffset at) const {
    L2Entry entry = decode_l2(raw, geometry_);
    if (entry.problem != nullptr) return entry;
    const std::uint64_t cluster = at.value / geometry_.cluster_size() * geometry_.cluster_size();
    if (geometry_.external_data && entry.has_host && entry.host.value != cluster)
        entry.problem = "a cluster whose place in the data file is not its place on the disk";
    else if ((entry.compressed || entry.data != 0) && !data_bound_.contains(entry.host))
        entry.problem = "a cluster past the end of the file";
    if (entry.ignored != nullptr && entry.problem == nullptr) note_ignored(entry.ignored, at);
    return entry;
}

void ClusterMap::note_ignored(const char* what, ByteOffset at) const {
    if (has_ignored_.exchange(true)) return;
    const std::lock_guard lock(mutex_);
    first_ignored_ = fmt::format(
        "'{}': the L2 entry for the guest's offset {} has {} set, which has no meaning and was "
        "ignored; there may be more of them",
        file_.name(), at.value / geometry_.cluster_size() * geometry_.cluster_size(), what);
}

std::vector<std::string> ClusterMap::late_warnings() const {
    const std::lock_guard lock(mutex_);
    return first_ignored_.empty() ? std::vector<std::string>{} : std::vector{first_ignored_};
}

std::string ClusterMap::describe(const L1Entry& l1, ByteOffset at) const {
    return fmt::format(
        "L1 entry {} (table at offset {}): expected an L2 table within the {} bytes of the file, found {} "
        "(offset {})",
        at.value / geometry_.l2_span(), l1_.offset.value, table_bound_.size().value, l1.problem, l1.l2_table.value);
}

std::string ClusterMap::describe(const L1Entry& l1, const L2Entry& entry, ByteOffset at) const {
    return fmt::format(
        "L2 table {} at offset {}, entry {}: expected a cluster within the {} bytes of the {}, found {} "
        "(offset {})",
        at.value / geometry_.l2_span(), l1.l2_table.value, l2_index(geometry_, at), data_bound_.size().value,
        geometry_.external_data ? "data file" : "file", entry.problem, entry.host.value);
}

}  // namespace varve::qcow2
