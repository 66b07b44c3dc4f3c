#pragma once
/// A set of chunks to draw from at random: all of a disk but those that were taken out. Taking whole runs out makes
/// drawing from a disk that is mostly empty as cheap as from a full one. A plain value.

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

    /// One of them, all with the same probability; it stays in the set. There must be one.
    ChunkIndex draw(std::mt19937_64& random) const;

    /// Takes [begin, end) out; parts that are out already, or past the disk's end, do not matter.
    void remove(ChunkIndex begin, ChunkIndex end);

    bool contains(ChunkIndex chunk) const;

private:
    std::uint64_t chunks_;
    std::uint64_t left_;
    std::map<std::uint64_t, std::uint64_t> removed_;  ///< begin → end, apart from each other
};

}  // namespace varve
