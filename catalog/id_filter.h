#pragma once
/// Tells which tags are surely not in a run of the id index: a split-block Bloom filter as the Apache Parquet format
/// specifies it (blocks of 8 × 32 bits), 12 bits a tag, false hits about 1 in 200. A run never changes, so neither does
/// its filter: there is no such thing as a stale one. Big filters live in a file of their own beside the database,
/// bound to their run by a random key; small ones in memory. Immutable once made: safe from many threads.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "engine/base/bytes.h"

namespace varve {

/// The first 8 bytes of a chunk id, as a number that sorts like them.
using IdTag = std::uint64_t;

class IdFilter {
public:
    ~IdFilter();
    IdFilter(const IdFilter&) = delete;
    IdFilter& operator=(const IdFilter&) = delete;

    /// False only when the tag was not added. About one memory access.
    bool may_contain(IdTag tag) const;

    /// The filter in `file` if it is there, whole, and of the run with this key; else nullopt. Reads all of it once.
    static std::unique_ptr<const IdFilter> open(const std::filesystem::path& file, std::uint64_t key);

private:
    friend class IdFilterBuilder;
    explicit IdFilter(Bytes memory);
    IdFilter(void* mapping, std::size_t mapping_bytes, ByteView blocks);

    Bytes memory_;
    void* mapping_ = nullptr;
    std::size_t mapping_bytes_ = 0;
    ByteView blocks_;
};

/// Fills a filter for at most `tag_count` tags. Tags that come in ascending order fill it front to back.
class IdFilterBuilder {
public:
    explicit IdFilterBuilder(std::uint64_t tag_count);
    void add(IdTag tag);

    /// The finished filter in memory.
    std::unique_ptr<const IdFilter> finish() &&;
    /// The same kept in `file` (appearing whole or not at all), and read from there.
    std::unique_ptr<const IdFilter> finish_in_file(const std::filesystem::path& file, std::uint64_t key) &&;

private:
    Bytes blocks_;
};

}  // namespace varve
