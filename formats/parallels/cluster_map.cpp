#include "formats/parallels/cluster_map.h"

#include <algorithm>

#include <fmt/format.h>

namespace varve::parallels {
namespace {

constexpr std::uint64_t piece_entries = (64 << 10) / entry_bytes;
constexpr int pages_merged_max = 16;
constexpr std::uint64_t clusters_compared_max = std::uint64_t{1} << 24;
constexpr std::uint64_t places_compared_max = std::uint64_t{1} << 23;

ExtentKind kind_of(std::uint32_t entry) { return entry == 0 ? ExtentKind::unallocated : ExtentKind::data; }

/// Looks at the entries one by one for what can't be right.
class TableScan {
public:
    TableScan(const ByteSource& device, const Header& header)
        : device_(device), header_(header), taken_(static_cast<std::size_t>(places_in(device, header))) {}

    /// False when nothing more is to be found.
    bool look(std::uint64_t cluster, std::uint32_t entry, ByteOffset at) {
        if (entry == 0) return true;
        if (header_.claims_to_be_empty() && std::exchange(is_empty_so_far_, false))
            warnings.push_back(
                fmt::format("{}: the header states that the image is empty, but cluster {} has a place in it; the "
                            "table alone decided what was read",
                            device_.place(at), cluster));
        return look_for_twin(cluster, entry, at);
    }

    std::vector<std::string> warnings;

private:
    static std::uint64_t places_in(const ByteSource& device, const Header& header) {
        return std::min(device.size().value / header.cluster_size.value + 1, places_compared_max);
    }

    /// Clusters of the old magic may begin at any sector. Two that begin in one cluster's length overlap.
    bool look_for_twin(std::uint64_t cluster, std::uint32_t entry, ByteOffset at) {
        const std::uint64_t place = entry * header_.entry_unit().value / header_.cluster_size.value;
        if (place >= taken_.size()) return true;
        if (taken_[static_cast<std::size_t>(place)]) {
            warnings.push_back(
                fmt::format("{}: table entry {} has the place {}, which an earlier entry has too; one of the two "
                            "clusters may have the other's content, check the guest's file system",
                            device_.place(at), cluster, entry));
            return false;
        }
        taken_[static_cast<std::size_t>(place)] = true;
        return true;
    }

    const ByteSource& device_;
    const Header& header_;
    bool is_empty_so_far_ = true;
    std::vector<bool> taken_;
};

}  // namespace

ClusterMap::ClusterMap(ByteSourcePtr device, const Header& header, std::shared_ptr<ReadCaches> caches)
    : device_(std::move(device)), header_(header), pages_(*device_, entry_bytes, std::move(caches)) {}

/// The entries from that of `cluster` on, to the end of their page.
ClusterMap::Page ClusterMap::page_from(std::uint64_t cluster) const {
    return {pages_.entries_from(header_.table(), cluster), cluster};
}

/// An entry of 32 bits and a cluster of less than 2^31 bytes: this can't wrap.
ByteOffset ClusterMap::device_of(std::uint32_t entry) const { return ByteOffset{entry * header_.entry_unit().value}; }

ByteOffset ClusterMap::entry_place(std::uint64_t cluster) const {
    return header_.table().begin + ByteCount{cluster * entry_bytes};
}

ByteOffset ClusterMap::cluster_end(std::uint64_t cluster) const {
    return ByteOffset{std::min((cluster + 1) * header_.cluster_size.value, header_.virtual_size.value)};
}

/// Why an entry can't be followed; empty when it can. The file may end inside the last cluster, after the disk's end.
std::string ClusterMap::problem_of(std::uint64_t cluster, std::uint32_t entry) const {
    if (entry == 0) return {};
    const ByteOffset begin = device_of(entry);
    if (begin < header_.table().end())
        return fmt::format("expected a place from byte {} on, after the table, found {} at byte {}",
                           header_.table().end().value, entry, begin.value);
    const ByteOffset end = begin + (cluster_end(cluster) - ByteOffset{cluster * header_.cluster_size.value});
    if (end.value <= device_->size().value) return {};
    return fmt::format("place {} ends at byte {}, past the end of the file at {}", entry, end.value,
                       device_->size().value);
}

ExtentKind ClusterMap::checked_kind(std::uint64_t cluster, std::uint32_t entry) const {
    const std::string problem = problem_of(cluster, entry);
    if (!problem.empty())
        throw corrupt(*device_, entry_place(cluster),
                      fmt::format("table entry {} (guest offset {}): {}", cluster, cluster * header_.cluster_size.value,
                                  problem));
    return kind_of(entry);
}

Extent ClusterMap::extent_at(ByteOffset at) const {
    std::uint64_t cluster = at.value / header_.cluster_size.value;
    const std::uint64_t clusters = divide_up(header_.virtual_size.value, header_.cluster_size.value);
    Page page = page_from(cluster);
    const ExtentKind kind = checked_kind(cluster, page.entry(cluster));
    for (int pages = 1;;) {
        ++cluster;
        if (cluster == clusters) break;
        if (cluster == page.end()) {
            if (pages++ == pages_merged_max) break;
            page = page_from(cluster);
        }
        const std::uint32_t entry = page.entry(cluster);
        if (kind_of(entry) != kind || !problem_of(cluster, entry).empty()) break;
    }
    return {at, cluster_end(cluster - 1) - at, kind};
}

ClusterRun ClusterMap::run_at(ByteRange guest) const {
    std::uint64_t cluster = guest.begin.value / header_.cluster_size.value;
    const Page page = page_from(cluster);
    const std::uint32_t first = page.entry(cluster);
    ClusterRun run{checked_kind(cluster, first), {}, {}};
    if (run.kind == ExtentKind::data)
        run.device = device_of(first) + ByteCount{guest.begin.value % header_.cluster_size.value};
    const std::uint64_t step = header_.cluster_size.value / header_.entry_unit().value;
    const std::uint64_t first_cluster = cluster;
    const auto joins = [&](std::uint32_t entry) {
        return run.kind == ExtentKind::data ? entry == first + (cluster - first_cluster) * step : entry == 0;
    };
    do {
        ++cluster;
    } while (cluster < page.end() && cluster_end(cluster - 1) < guest.end() && joins(page.entry(cluster)) &&
             problem_of(cluster, page.entry(cluster)).empty());
    run.length = std::min(cluster_end(cluster - 1), guest.end()) - guest.begin;
    return run;
}

std::vector<std::string> ClusterMap::doubts() const {
    const std::uint64_t clusters = std::min<std::uint64_t>(header_.entries, clusters_compared_max);
    TableScan scan(*device_, header_);
    Bytes piece;
    for (std::uint64_t first = 0; first < clusters; first += piece_entries) {
        const std::uint64_t count = std::min(piece_entries, clusters - first);
        piece.resize(static_cast<std::size_t>(count * entry_bytes));
        device_->read_at(entry_place(first), piece);
        for (std::uint64_t i = 0; i < count; ++i) {
            const auto entry =
                load_le<std::uint32_t>(ByteView(piece).subspan(static_cast<std::size_t>(i * entry_bytes)));
            if (!scan.look(first + i, entry, entry_place(first + i))) return scan.warnings;
        }
    }
    return scan.warnings;
}

}  // namespace varve::parallels
