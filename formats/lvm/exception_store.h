#pragma once
/// The exception store of a classic snapshot: which chunks of the origin it holds copies of, and where. Read completely
/// when opened; immutable afterwards and safe to use from many threads. Source: the kernel's
/// drivers/md/dm-snap-persistent.c.
///
///     chunk 0        1       2 ...          1+n                2+n       n = chunk size / 16
///     +--------+--------+---------------+--------+----------------------
///     | header | area 0 | n data chunks | area 1 | n data chunks ...
///     +--------+--------+---------------+--------+----------------------
///
/// An area lists n exceptions of two words each: chunk of the origin, chunk of the store. The list ends at the first
/// exception with store chunk 0, or at the end of the device. Anything after that was never committed.

#include <cstdint>
#include <vector>

#include "formats/base/byte_source.h"

namespace varve::lvm {

/// What the volume group's metadata states about a snapshot.
struct SnapshotShape {
    ByteCount size;        ///< of the snapshot, and of the part of the origin that matters
    ByteCount chunk_size;  ///< only used if the store was never written; otherwise its header counts
};

class ExceptionStore {
public:
    /// Consecutive chunks of the origin that are either all stored, in consecutive chunks of the store, or all not
    /// stored.
    struct Run {
        bool is_stored = false;
        std::uint64_t length = 0;       ///< in chunks, at least 1; the next run may be of the same kind
        std::uint64_t store_chunk = 0;  ///< the first one, if stored
    };

    /// Uses 16 bytes of memory per run of exceptions, up to 256 MiB. Throws Error(refused) for a store that the kernel
    /// invalidated because it overflowed or failed; Error(unsupported) for another version and for too many runs;
    /// Error(corrupt) for anything that breaks the rules: something other than a header, a chunk size that the kernel
    /// does not accept, a chunk outside the device, inside an area or outside the origin, a chunk listed twice.
    ExceptionStore(ByteSourcePtr device, const SnapshotShape& shape);

    /// The run that begins at `chunk` of the origin, which must be less than origin_chunks().
    Run run_at(std::uint64_t chunk) const;

    /// The size of the snapshot.
    ByteCount size() const { return size_; }
    ByteCount chunk_size() const { return chunk_size_; }
    /// The last one may be partial.
    std::uint64_t origin_chunks() const { return divide_up(size_.value, chunk_size_.value); }
    std::uint64_t exceptions() const { return exceptions_; }
    std::uint64_t areas() const { return areas_; }
    /// Header, areas and data; and header and areas alone. `dmsetup status` reports the same two numbers, in sectors.
    ByteCount used() const { return {(1 + areas_ + exceptions_) * chunk_size_.value}; }
    ByteCount metadata_used() const { return {(1 + areas_) * chunk_size_.value}; }
    const ByteSource& device() const { return *device_; }

private:
    /// Exceptions that are consecutive both in the origin and in the store.
    struct Exceptions {
        std::uint64_t begin = 0;            ///< chunk of the origin
        std::uint64_t store_and_count = 0;  ///< chunk of the store in the upper 48 bits

        std::uint64_t store() const { return store_and_count >> 16; }
        std::uint64_t count() const { return store_and_count & 0xffff; }
        std::uint64_t end() const { return begin + count(); }
    };

    void read_header(ByteCount chunk_size_in_metadata);
    void take_chunk_size(std::uint64_t bytes);
    void read_areas();
    bool read_area(ByteOffset at);
    void add(std::uint64_t origin_chunk, std::uint64_t store_chunk, ByteOffset at);
    void check_exception(std::uint64_t origin_chunk, std::uint64_t store_chunk, ByteOffset at) const;
    void sort_exceptions();
    std::uint64_t stride() const { return chunk_size_.value / 16 + 1; }  // chunks from one area to the next
    [[noreturn]] void fail(ByteOffset at, const std::string& problem) const;

    ByteSourcePtr device_;
    ByteCount size_;
    ByteCount chunk_size_;
    std::uint64_t store_chunks_ = 0;
    std::uint64_t exceptions_ = 0;
    std::uint64_t areas_ = 0;
    bool was_written_ = false;
    std::vector<Exceptions> runs_;  // by chunk of the origin
};

}  // namespace varve::lvm
