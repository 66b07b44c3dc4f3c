#pragma once
/// Where the blocks of one thin device lie: its tree of mappings, asked run by run. Virtual blocks, data blocks and
/// runs are in units of the pool's chunk. Immutable; safe from many threads.

#include <optional>

#include "formats/lvm/thin/devices.h"

namespace varve::thin {

/// Virtual blocks that follow each other, and so do their data blocks, if they have any.
struct MappingRun {
    std::uint64_t begin = 0;
    std::uint64_t length = 0;
    bool is_mapped = false;
    std::uint64_t data_block = 0;  ///< of the first; 0 where nothing is mapped
    std::uint32_t time = 0;        ///< the pool's when all of them were allocated; 0 where nothing is mapped

    std::uint64_t end() const { return begin + length; }
    friend bool operator==(const MappingRun&, const MappingRun&) = default;
};

/// The run that begins at `begin` and goes up to `end` (behind `begin`) at most, as `leaf` of a tree of mappings has
/// it; the leaf answers for all of these keys.
MappingRun run_in_leaf(const Node& leaf, std::uint64_t begin, std::uint64_t end);

class Mapping {
public:
    Mapping(std::shared_ptr<const MetadataBlocks> blocks, const Device& device);

    /// Of a device in a pool that was never active: nothing is mapped.
    static Mapping nothing() { return Mapping(); }

    /// The run that begins at `begin` and goes up to `end` (behind `begin`) at most: never empty, not necessarily
    /// maximal, but as long as one leaf tells. Throws Error(corrupt), Error(io).
    MappingRun run_at(std::uint64_t begin, std::uint64_t end) const;

    /// Throws what the medium throws when somebody wrote to it (ImageReader::check_unchanged).
    void check_unchanged() const;

private:
    Mapping() = default;

    std::optional<Btree> tree_;
};

/// A device's tree of mappings.
Btree mapping_tree(std::shared_ptr<const MetadataBlocks> blocks, const Device& device);

}  // namespace varve::thin
