#pragma once
/// Knows which tags are certainly not in a run of the id index: a split-block Bloom filter as the Apache Parquet format
/// specifies it (blocks of 8 × 32 bits), 12 bits per tag, about 1 false hit in 200. A run never changes, so neither
/// does its filter, which is never stale. Large filters are files beside the database, bound to their run by a random
/// key, and are read into memory as a whole: a mapped file that is truncated or fails would kill the program. Immutable
/// once built: safe from many threads.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "engine/base/bytes.h"

namespace varve {

/// The first 8 bytes of a chunk id, as a number that sorts like the bytes.
using IdTag = std::uint64_t;

class IdFilter {
public:
    IdFilter(const IdFilter&) = delete;
    IdFilter& operator=(const IdFilter&) = delete;

    /// False only if the tag was not added. Costs about one memory access.
    bool may_contain(IdTag tag) const;

    /// The filter in `file` if that exists, can be read, is whole and belongs to the run with this key; else null.
    static std::unique_ptr<const IdFilter> open(const std::filesystem::path& file, std::uint64_t key);

private:
    friend class IdFilterBuilder;
    explicit IdFilter(Bytes memory);

    Bytes blocks_;
};

/// Builds a filter for at most `tag_count` tags. Tags in ascending order fill it front to back.
class IdFilterBuilder {
public:
    explicit IdFilterBuilder(std::uint64_t tag_count);
    void add(IdTag tag);

    /// The finished filter in memory.
    std::unique_ptr<const IdFilter> finish() &&;
    /// The same, also written to `file`, which appears whole or not at all; a file system that is full or fails costs
    /// only the file.
    std::unique_ptr<const IdFilter> finish_in_file(const std::filesystem::path& file, std::uint64_t key) &&;

private:
    Bytes blocks_;
};

}  // namespace varve
