#pragma once
/// The map of an image with two levels of tables of 8-byte entries, as qcow version 1 and QED have it: an L1 entry is
/// the place of an L2 table, 0 if it has none, and an L2 entry tells where a cluster is. Read page by page on demand
/// and kept in a shared cache, so that memory does not grow with the disk. Immutable; safe from many threads. Borrows
/// the source.
///
/// A damaged entry is Error(corrupt) only when it is reached: the rest of the disk stays readable.

#include <bit>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/image/extent.h"
#include "formats/base/byte_source.h"
#include "formats/base/source_bound.h"
#include "formats/base/table_pages.h"

namespace varve {

enum class StoredKind : std::uint8_t { unallocated, zero, data, compressed };

/// What an L2 entry says.
struct StoredCluster {
    StoredKind kind = StoredKind::unallocated;
    ByteOffset place;          ///< data and compressed: in the file
    ByteCount stored;          ///< compressed: the bytes that the stream may span
    std::string problem = {};  ///< why the entry can't be followed; completes "L2 entry 3 …"
};

/// Guest bytes that are contiguous in the file.
struct ClusterRun {
    StoredKind kind = StoredKind::unallocated;
    ByteCount length;  ///< from the requested offset on; compressed: at most to the end of the cluster
    ByteOffset place;  ///< data: of the requested offset; compressed: of the stream
    ByteCount stored;  ///< compressed
};

class TwoLevelMap {
public:
    struct Shape {
        ByteRange l1;              ///< inside the file
        std::uint64_t l2_entries;  ///< of one table; a power of two
        ByteCount cluster_size;    ///< a power of two
        ByteCount virtual_size;    ///< L1 covers it
        std::endian order;
        std::uint64_t l2_alignment;  ///< of an L2 table's place
        /// Whether an entry that leads out of the file, or is not aligned, counts as 0 instead of as damage.
        bool forgets_bad_places = false;
    };
    using Decode = std::function<StoredCluster(std::uint64_t l2_entry)>;

    TwoLevelMap(const ByteSource& source, const Shape& shape, Decode decode, const std::shared_ptr<ReadCaches>& caches);

    /// The extent that begins at `at`. Merges clusters, but reads only a few pages in one call.
    Extent extent_at(ByteOffset at) const;

    /// The longest contiguous run at the start of `guest`, inside the disk and within one page.
    ClusterRun run_at(ByteRange guest) const;

    /// A sentence if an entry with a bad place was taken for 0.
    std::vector<std::string> late_warnings() const;

private:
    /// Entries of one L2 page; none where the whole table is absent.
    struct Page {
        std::optional<TableEntries> entries;
        std::uint64_t first = 0;  ///< the cluster of the first entry
        std::uint64_t end = 0;    ///< the cluster after the last
    };

    std::uint64_t load(ByteView entry) const;
    Page page_from(std::uint64_t cluster) const;
    /// The place of the L2 table; 0: it is absent.
    ByteOffset l2_table(std::uint64_t l1_index, std::uint64_t entry) const;
    StoredCluster cluster_in(const Page& page, std::uint64_t cluster) const;
    StoredCluster checked(const Page& page, std::uint64_t cluster) const;
    ByteOffset cluster_end(std::uint64_t cluster) const;
    std::uint64_t clusters() const;

    const ByteSource& source_;
    SourceBound bound_;
    Shape shape_;
    Decode decode_;
    TablePages l1_pages_;
    TablePages l2_pages_;
    mutable std::atomic<bool> has_forgotten_{false};
};

}  // namespace varve
