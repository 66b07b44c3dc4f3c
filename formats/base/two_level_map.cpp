#include "formats/base/two_level_map.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "formats/base/image_error.h"

namespace varve {
namespace {

constexpr std::size_t entry_bytes = 8;
constexpr int pages_merged_max = 16;

ExtentKind extent_kind(StoredKind kind) {
    switch (kind) {
        case StoredKind::unallocated:
            return ExtentKind::unallocated;
        case StoredKind::zero:
            return ExtentKind::zero;
        case StoredKind::data:
        case StoredKind::compressed:
            return ExtentKind::data;
    }
    return ExtentKind::data;
}

}  // namespace

TwoLevelMap::TwoLevelMap(const ByteSource& source, const Shape& shape, Decode decode,
                         const std::shared_ptr<ReadCaches>& caches)
    : source_(source),
      bound_(source),
      shape_(shape),
      decode_(std::move(decode)),
      l1_pages_(source, entry_bytes, caches),
      l2_pages_(source, entry_bytes, caches) {
    VARVE_CHECK(std::has_single_bit(shape.l2_entries) && std::has_single_bit(shape.cluster_size.value));
}

std::uint64_t TwoLevelMap::load(ByteView entry) const {
    return shape_.order == std::endian::big ? load_be<std::uint64_t>(entry) : load_le<std::uint64_t>(entry);
}

std::uint64_t TwoLevelMap::clusters() const { return divide_up(shape_.virtual_size.value, shape_.cluster_size.value); }

ByteOffset TwoLevelMap::cluster_end(std::uint64_t cluster) const {
    const std::uint64_t begin = cluster * shape_.cluster_size.value;
    return ByteOffset{begin + std::min(shape_.cluster_size.value, shape_.virtual_size.value - begin)};
}

ByteOffset TwoLevelMap::l2_table(std::uint64_t l1_index, std::uint64_t entry) const {
    if (entry == 0) return {};
    const ByteRange table{ByteOffset{entry}, ByteCount{shape_.l2_entries * entry_bytes}};
    const bool is_inside = entry <= ~std::uint64_t{0} - table.length.value && bound_.contains(table);
    if (is_inside && entry % shape_.l2_alignment == 0) return table.begin;
    if (shape_.forgets_bad_places) {
        has_forgotten_.store(true, std::memory_order_relaxed);
        return {};
    }
    throw corrupt_image(source_,
                        fmt::format("L1 entry {}: expected the place of an L2 table of {} bytes, a multiple of "
                                    "{} within the {} bytes of the file, found {}",
                                    l1_index, table.length.value, shape_.l2_alignment, bound_.size().value, entry));
}

TwoLevelMap::Page TwoLevelMap::page_from(std::uint64_t cluster) const {
    const std::uint64_t l1_index = cluster / shape_.l2_entries;
    const std::uint64_t index = cluster % shape_.l2_entries;
    const std::uint64_t table_end = (l1_index + 1) * shape_.l2_entries;
    const TableEntries l1 = l1_pages_.entries_from(shape_.l1, l1_index);
    const ByteOffset table = l2_table(l1_index, load(l1[0]));
    if (table == ByteOffset{}) return {std::nullopt, cluster, std::min(table_end, clusters())};
    TableEntries entries = l2_pages_.entries_from({table, ByteCount{shape_.l2_entries * entry_bytes}}, index);
    const std::uint64_t end = std::min(cluster + entries.count, clusters());
    return {std::move(entries), cluster, end};
}

/// With the place checked against the file. A cluster may end past the end of the file, but not begin there.
StoredCluster TwoLevelMap::cluster_in(const Page& page, std::uint64_t cluster) const {
    if (!page.entries) return {};
    StoredCluster found = decode_(load((*page.entries)[static_cast<std::size_t>(cluster - page.first)]));
    const bool is_stored = found.kind == StoredKind::data || found.kind == StoredKind::compressed;
    if (found.problem.empty() && is_stored && !bound_.contains(found.place))
        found.problem =
            fmt::format("is at byte {}, past the end of the file at {}", found.place.value, bound_.size().value);
    if (found.problem.empty() || !shape_.forgets_bad_places) return found;
    has_forgotten_.store(true, std::memory_order_relaxed);
    return {};
}

StoredCluster TwoLevelMap::checked(const Page& page, std::uint64_t cluster) const {
    StoredCluster found = cluster_in(page, cluster);
    if (!found.problem.empty())
        throw corrupt_image(
            source_, fmt::format("L2 entry {} of table {} (guest offset {}) {}", cluster % shape_.l2_entries,
                                 cluster / shape_.l2_entries, cluster * shape_.cluster_size.value, found.problem));
    return found;
}

Extent TwoLevelMap::extent_at(ByteOffset at) const {
    std::uint64_t cluster = at.value / shape_.cluster_size.value;
    Page page = page_from(cluster);
    const ExtentKind kind = extent_kind(checked(page, cluster).kind);
    for (int pages = 1;;) {
        cluster = page.entries ? cluster + 1 : page.end;
        if (cluster == clusters()) break;
        if (cluster == page.end) {
            if (pages++ == pages_merged_max) break;
            page = page_from(cluster);
        }
        const StoredCluster next = cluster_in(page, cluster);
        if (!next.problem.empty() || extent_kind(next.kind) != kind) break;
    }
    return {at, cluster_end(cluster - 1) - at, kind};
}

ClusterRun TwoLevelMap::run_at(ByteRange guest) const {
    const std::uint64_t first_cluster = guest.begin.value / shape_.cluster_size.value;
    const ByteCount inside{guest.begin.value % shape_.cluster_size.value};
    const Page page = page_from(first_cluster);
    const StoredCluster first = checked(page, first_cluster);
    ClusterRun run{first.kind, {}, first.place, first.stored};
    if (first.kind == StoredKind::data) run.place += inside;
    std::uint64_t cluster = page.entries ? first_cluster + 1 : page.end;
    const auto joins = [&] {
        if (first.kind == StoredKind::compressed) return false;
        const StoredCluster next = cluster_in(page, cluster);
        if (!next.problem.empty() || next.kind != first.kind) return false;
        const ByteCount distance{(cluster - first_cluster) * shape_.cluster_size.value};
        return first.kind != StoredKind::data || next.place == first.place + distance;
    };
    while (cluster < page.end && cluster_end(cluster - 1) < guest.end() && joins()) ++cluster;
    run.length = std::min(cluster_end(cluster - 1), guest.end()) - guest.begin;
    return run;
}

std::vector<std::string> TwoLevelMap::late_warnings() const {
    if (!has_forgotten_.load(std::memory_order_relaxed)) return {};
    return {
        fmt::format("'{}' was not closed cleanly, and its tables lead to places that do not exist; such clusters were "
                    "read as never written",
                    source_.name())};
}

}  // namespace varve
