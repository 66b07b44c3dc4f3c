#include "engine/jobs/repository_stats.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/backup/leaf_assembly.h"
#include "engine/repository/disk_map.h"

namespace varve {
namespace {

constexpr double ns_per_day = 86'400e9;

std::optional<double> ratio(std::uint64_t of, std::uint64_t per) {
    if (per == 0) return std::nullopt;
    return static_cast<double>(of) / static_cast<double>(per);
}

void add(SnapshotStats& stats, const SnapshotRecord& snapshot) {
    ++stats.snapshots;
    stats.virtual_bytes += snapshot.size;
    stats.changed += {snapshot.statistics.bytes_changed};
    stats.stored += {snapshot.statistics.bytes_stored};
    stats.chunks_new += snapshot.statistics.chunks_new;
    stats.chunks_reused += snapshot.statistics.chunks_reused;
}

void add(SnapshotStats& stats, const SnapshotStats& other) {
    stats.snapshots += other.snapshots;
    stats.virtual_bytes += other.virtual_bytes;
    stats.changed += other.changed;
    stats.stored += other.stored;
    stats.chunks_new += other.chunks_new;
    stats.chunks_reused += other.chunks_reused;
    stats.growth.snapshots += other.growth.snapshots;
    stats.growth.stored += other.growth.stored;
    stats.growth.bytes_per_day += other.growth.bytes_per_day;
    stats.growth.has_days = stats.growth.has_days || other.growth.has_days;
    if (other.referenced) stats.referenced = stats.referenced.value_or(ByteCount{}) + *other.referenced;
}

Growth growth_of(std::span<const ListedSnapshot> snapshots) {
    Growth growth;
    for (const ListedSnapshot& s : snapshots.subspan(1)) {
        ++growth.snapshots;
        growth.stored += {s.record.statistics.bytes_stored};
    }
    const TimeNs lasted = snapshots.back().record.time - snapshots.front().record.time;
    growth.has_days = static_cast<double>(lasted) >= ns_per_day;
    if (growth.has_days)
        growth.bytes_per_day = static_cast<double>(growth.stored.value) / (static_cast<double>(lasted) / ns_per_day);
    return growth;
}

ByteCount referenced_bytes(const ChunkStore& chunks, const SnapshotRecord& snapshot, const std::stop_token& stop) {
    ByteCount bytes;
    const DiskMap map(chunks, snapshot);
    for_each_leaf_span(map, 0, leaf_count(snapshot.size), [&](const LeafSpan& span) {
        if (span.subtree.kind != MapKind::present) return;
        throw_if_stopped(stop);
        const auto page = map.leaf(span.subtree);
        for (std::size_t i = 0; i < map_fanout; ++i) {
            if (page->entries[i].kind == MapKind::present)
                bytes += bytes_in_chunk({span.first_leaf * map_fanout + i}, snapshot.size);
        }
    });
    return bytes;
}

void add(PackTotal& total, const PackFacts& facts) {
    ++total.count;
    total.bytes += facts.size;
}

/// The disks' snapshots, grouped by disk as the catalog lists them.
std::vector<ListedSnapshot> snapshots_of(const Catalog& catalog, const std::vector<std::string>& disks) {
    if (disks.empty()) return catalog.snapshots();
    std::vector<ListedSnapshot> all;
    for (auto disk = disks.begin(); disk != disks.end(); ++disk) {
        if (std::find(disks.begin(), disk, *disk) != disk) continue;
        auto found = catalog.snapshots(*disk);
        if (found.empty())
            throw Error(
                ErrorCode::not_found,
                fmt::format("the repository has no snapshot of a disk '{}'; `varve list` shows those that exist",
                            *disk));
        std::ranges::move(found, std::back_inserter(all));
    }
    return all;
}

}  // namespace

std::optional<double> Growth::bytes_per_snapshot() const { return ratio(stored.value, snapshots); }

std::optional<double> SnapshotStats::dedup_ratio() const { return ratio(chunks_new + chunks_reused, chunks_new); }

ByteCount SnapshotStats::reused() const { return {chunks_reused * chunk_bytes}; }

std::optional<double> SnapshotStats::compression_ratio() const {
    if (chunks_new == 0) return std::nullopt;
    return ratio(chunks_new * chunk_bytes, stored.value);
}

std::optional<double> PackStats::compression_ratio() const {
    if (chunks == 0) return std::nullopt;
    return ratio(chunks * chunk_bytes, bytes().value);
}

std::optional<double> PackStats::metadata_share() const { return ratio(metadata.bytes.value, bytes().value); }

DiskStats disk_stats(std::span<const ListedSnapshot> snapshots) {
    DiskStats stats;
    stats.disk = snapshots.front().record.disk;
    stats.size = snapshots.back().record.size;
    stats.oldest = snapshots.front().record.time;
    stats.newest = snapshots.back().record.time;
    for (const ListedSnapshot& s : snapshots) add(stats.snapshots, s.record);
    stats.snapshots.growth = growth_of(snapshots);
    return stats;
}

PackStats pack_stats(const Catalog& catalog) {
    PackStats stats;
    for (const ListedPack& pack : catalog.packs()) {
        if (pack.state == PackState::uncommitted) add(stats.uncommitted, pack.facts);
        if (pack.state != PackState::committed) continue;
        add(pack.facts.kind == PackKind::data ? stats.data : stats.metadata, pack.facts);
        if (pack.facts.kind != PackKind::data) continue;
        const auto table = catalog.slots(pack.facts.id);
        stats.chunks += table->slots.size();
        stats.patches += table->patch_bases.size();
    }
    return stats;
}

RepositoryStats repository_stats(const Repository& repository, const std::vector<std::string>& disks,
                                 ReferencedBytes referenced, Progress& progress, const std::stop_token& stop) {
    RepositoryStats stats;
    progress.begin("counting", {0});
    stats.packs = pack_stats(repository.catalog);
    const std::vector<ListedSnapshot> all = snapshots_of(repository.catalog, disks);
    for (auto begin = all.begin(); begin != all.end();) {
        const auto end = std::find_if(begin, all.end(),
                                      [&](const ListedSnapshot& s) { return s.record.disk != begin->record.disk; });
        DiskStats disk = disk_stats({begin, end});
        if (referenced == ReferencedBytes::count)
            disk.snapshots.referenced = referenced_bytes(repository.chunks, std::prev(end)->record, stop);
        add(stats.total, disk.snapshots);
        stats.disks.push_back(std::move(disk));
        throw_if_stopped(stop);
        begin = end;
    }
    return stats;
}

}  // namespace varve
