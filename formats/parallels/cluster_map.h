#pragma once
/// The table of clusters of an expanding Parallels image (its "BAT"): maps guest offsets to extents and to places in
/// the file. Read page by page on demand and kept in a shared cache, so that memory does not grow with the disk.
/// Immutable; safe from many threads.
///
/// A damaged entry is Error(corrupt) only when it is reached: the rest of the disk stays readable.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/image/extent.h"
#include "formats/base/byte_source.h"
#include "formats/base/table_pages.h"
#include "formats/parallels/header.h"

namespace varve::parallels {

/// Guest bytes that are contiguous in the file, or not in it.
struct ClusterRun {
    ExtentKind kind = ExtentKind::unallocated;  ///< or data; the format has no zero clusters
    ByteCount length;                           ///< from the requested offset on
    ByteOffset device;                          ///< data: of the requested offset
};

class ClusterMap {
public:
    ClusterMap(ByteSourcePtr device, const Header& header, std::shared_ptr<ReadCaches> caches);

    /// The extent that begins at `at`. Merges clusters, but reads only a few pages of the table in one call.
    Extent extent_at(ByteOffset at) const;

    /// The longest contiguous run at the start of `guest`, inside the disk and within one page of the table.
    ClusterRun run_at(ByteRange guest) const;

    /// A sentence if two clusters of the disk have the same place in the file, and one if an image that claims to be
    /// empty has clusters. Reads the table in pieces; of very large ones only the first 2^24 entries, and the clusters
    /// in the first 2^23 places of the file.
    std::vector<std::string> doubts() const;

private:
    /// Entries of one page.
    struct Page {
        TableEntries entries;
        std::uint64_t first = 0;  ///< the cluster of the first entry
        std::uint64_t end() const { return first + entries.count; }
        std::uint32_t entry(std::uint64_t cluster) const {
            return load_le<std::uint32_t>(entries[static_cast<std::size_t>(cluster - first)]);
        }
    };

    Page page_from(std::uint64_t cluster) const;
    ByteOffset device_of(std::uint32_t entry) const;
    ByteOffset entry_place(std::uint64_t cluster) const;
    std::string problem_of(std::uint64_t cluster, std::uint32_t entry) const;
    ExtentKind checked_kind(std::uint64_t cluster, std::uint32_t entry) const;
    ByteOffset cluster_end(std::uint64_t cluster) const;

    ByteSourcePtr device_;
    Header header_;
    TablePages pages_;
};

}  // namespace varve::parallels
