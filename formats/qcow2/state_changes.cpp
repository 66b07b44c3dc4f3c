#include "formats/qcow2/state_changes.h"

#include <algorithm>

#include "engine/base/check.h"

namespace varve::qcow2 {
namespace {

constexpr int change_runs_merged_max = 16;

/// An entry without the bit that states whether its cluster is used only once.
constexpr std::uint64_t without_copied(std::uint64_t entry) { return entry & ~(std::uint64_t{1} << 63); }

bool is_same(const RawL2Entry& before, const RawL2Entry& now) {
    return without_copied(before.entry) == without_copied(now.entry) && before.bitmap == now.bitmap;
}

std::uint64_t common_clusters(const Geometry& geometry, ByteCount before, ByteCount now) {
    if (before == now) return divide_up(now.value, geometry.cluster_size());
    return std::min(before, now).value / geometry.cluster_size();
}

}  // namespace

StateChanges::StateChanges(ByteSourcePtr source, const Geometry& geometry, const DiskState& before,
                           const DiskState& now, const std::shared_ptr<ReadCaches>& caches)
    : source_(std::move(source)),
      bound_(*source_),
      geometry_(geometry),
      before_{before.l1, TablePages(*source_, 8, caches)},
      now_{now.l1, TablePages(*source_, 8, caches)},
      l2_pages_(*source_, geometry.l2_entry_bytes(), caches),
      end_(ByteOffset{} + now.virtual_size),
      comparable_clusters_(common_clusters(geometry, before.virtual_size, now.virtual_size)) {}

ChangeRun StateChanges::change_at(ByteOffset at) const {
    VARVE_CHECK(at < end_);
    std::uint64_t cluster = at.value >> geometry_.cluster_bits;
    if (cluster >= comparable_clusters_) return {at, end_ - at, true};
    const Run first = run_at(cluster);
    cluster += first.clusters;
    for (int runs = 1; runs < change_runs_merged_max && cluster < comparable_clusters_; ++runs) {
        const Run next = run_at(cluster);
        if (next.is_same != first.is_same) break;
        cluster += next.clusters;
    }
    const ByteOffset end = std::min(end_, ByteOffset{cluster << geometry_.cluster_bits});
    return {at, end - at, !first.is_same};
}

/// Clusters from `cluster` on that one page of each table maps.
StateChanges::Run StateChanges::run_at(std::uint64_t cluster) const {
    const std::uint64_t index = cluster / geometry_.l2_entries();
    const TableEntries before = before_.pages.entries_from(before_.l1.range(), index);
    const TableEntries now = now_.pages.entries_from(now_.l1.range(), index);
    const std::size_t count_max = std::min(before.count, now.count);
    std::size_t count = 0;
    while (count < count_max && without_copied(load_l1(before[count])) == without_copied(load_l1(now[count]))) ++count;
    const std::uint64_t rest = comparable_clusters_ - cluster;
    if (count != 0) return {true, std::min(rest, (index + count) * geometry_.l2_entries() - cluster)};
    const Run run = l2_run(load_l1(before[0]), load_l1(now[0]), cluster % geometry_.l2_entries());
    return {run.is_same, std::min(rest, run.clusters)};
}

/// Clusters from entry `first` on of the two L2 tables that these L1 entries name.
StateChanges::Run StateChanges::l2_run(std::uint64_t l1_before, std::uint64_t l1_now, std::uint64_t first) const {
    const std::optional<L2Entries> before = l2_entries(l1_before, first);
    const std::optional<L2Entries> now = l2_entries(l1_now, first);
    std::size_t count_max = static_cast<std::size_t>(geometry_.l2_entries() - first);
    if (!before || !now) return {false, count_max};
    for (const L2Entries* side : {&*before, &*now})
        if (side->entries) count_max = std::min(count_max, side->entries->count);
    const bool same = is_same(before->at(0), now->at(0));
    std::size_t count = 1;
    while (count < count_max && is_same(before->at(count), now->at(count)) == same) ++count;
    return {same, count};
}

/// Nothing for a damaged L1 entry.
std::optional<StateChanges::L2Entries> StateChanges::l2_entries(std::uint64_t l1_entry, std::uint64_t first) const {
    const L1Entry l1 = decode_l1(l1_entry, geometry_);
    if (l1.absent()) return L2Entries{};
    const ByteRange table{l1.l2_table, ByteCount{geometry_.cluster_size()}};
    if (l1.problem != nullptr || !bound_.contains(table)) return std::nullopt;
    return L2Entries{l2_pages_.entries_from(table, first)};
}

std::unique_ptr<ChangeMap> changes_between_states(ByteSourcePtr source, const std::optional<std::string>& before,
                                                  const std::optional<std::string>& now) {
    const Header header = read_header(*source);
    if (header.has_data_file()) return nullptr;  // its clusters are rewritten in place
    const SnapshotTable snapshots = read_snapshots(*source, header);
    const DiskState state_before = choose_state(*source, header, snapshots, before);
    const DiskState state_now = choose_state(*source, header, snapshots, now);
    return std::make_unique<StateChanges>(std::move(source), header.geometry(), state_before, state_now,
                                          std::make_shared<ReadCaches>());
}

}  // namespace varve::qcow2
