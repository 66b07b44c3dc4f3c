#pragma once
/// Maps guest offsets of one state of a qcow2 disk (the active one or an internal snapshot) to extents and to places in
/// the file. Tables are read page by page on demand and kept in a shared cache, so that memory does not grow with the
/// disk. Immutable; safe from many threads. Borrows the files.
///
/// A damaged entry is Error(corrupt) only when it is reached: the rest of the disk stays readable.

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/image/extent.h"
#include "formats/base/byte_source.h"
#include "formats/base/source_bound.h"
#include "formats/base/table_pages.h"
#include "formats/qcow2/header.h"
#include "formats/qcow2/tables.h"

namespace varve::qcow2 {

/// Guest bytes that are contiguous in the file of guest data.
struct HostRun {
    ClusterKind kind = ClusterKind::unallocated;
    ByteCount length;  ///< in guest bytes, from the requested offset; compressed: at most to the end of the cluster
    ByteOffset host;   ///< data: of the requested offset; compressed: of the stream
    ByteCount stored;  ///< compressed: the bytes that the stream may span
};

class ClusterMap {
public:
    /// `file` holds the tables, `data` the guest data: the same file, or the image's external data file.
    ClusterMap(const ByteSource& file, const ByteSource& data, Geometry geometry, TablePlace l1, ByteCount virtual_size,
               const std::shared_ptr<ReadCaches>& caches);

    /// The extent that begins at `at`. Merges runs across tables, but reads only a few pages in one call.
    Extent extent_at(ByteOffset at) const;

    /// The longest contiguous run at the start of `guest`, within one table page.
    HostRun host_run_at(ByteRange guest) const;

    /// What was ignored in the entries read so far: at most one sentence, about the first one.
    std::vector<std::string> late_warnings() const;

private:
    /// Guest bytes of one kind, mapped by one table page; `problem` is why there are none.
    struct KindRun {
        ExtentKind kind = ExtentKind::unallocated;
        ByteOffset end;
        std::string problem;
    };

    KindRun kind_run(ByteOffset at) const;
    ByteOffset absent_end(ByteOffset at) const;
    KindRun allocated_run(const L1Entry& l1, ByteOffset at) const;
    template <typename Joins>
    ByteOffset run_end(const TableEntries& entries, const L2Entry& first, ByteRange guest, const Joins& joins) const;
    TableEntries l1_entries(ByteOffset at) const;
    TableEntries l2_entries(const L1Entry& l1, ByteOffset at) const;
    L1Entry checked_l1(std::uint64_t raw) const;
    L2Entry checked_l2(const RawL2Entry& raw, ByteOffset at) const;
    void note_ignored(const char* what, ByteOffset at) const;
    std::string describe(const L1Entry& l1, ByteOffset at) const;
    std::string describe(const L1Entry& l1, const L2Entry& entry, ByteOffset at) const;

    const ByteSource& file_;
    SourceBound table_bound_;
    SourceBound data_bound_;
    Geometry geometry_;
    TablePlace l1_;
    ByteOffset end_;
    TablePages l1_pages_;
    TablePages l2_pages_;
    mutable std::atomic<bool> has_ignored_{false};
    mutable std::mutex mutex_;  // for what follows
    mutable std::string first_ignored_;
};

}  // namespace varve::qcow2
