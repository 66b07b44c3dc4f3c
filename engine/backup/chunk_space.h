#pragma once
/// A set of chunks to draw from at random: all of a disk except those that were removed. Removing whole runs makes
/// drawing from a mostly empty disk as cheap as from a full one. A plain value.

#include <cstdint>
#include <map>
#include <random>

#include "engine/repository/chunk.h"

namespace varve {

class ChunkSpace {
public:
    explicit ChunkSpace(std::uint64_t chunks) : chunks_(chunks), left_(chunks) {}

    /// Chunks that may still be drawn.
    std::uint64_t left() const { return left_; }

    /// One of them, each with the same probability; it remains in the set. The set must not be empty.
    ChunkIndex draw(std::mt19937_64& random) const;

    /// Removes [begin, end); parts that are already removed, or past the disk's end, are ignored.
    void remove(ChunkIndex begin, ChunkIndex end);

    bool contains(ChunkIndex chunk) const;

private:
    std::uint64_t chunks_;
    std::uint64_t left_;
    std::map<std::uint64_t, std::uint64_t> removed_;  ///< begin → end, disjoint and not adjacent
};

}  // namespace varve
