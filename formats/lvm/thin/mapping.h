#pragma once
/// Where the blocks of one thin device are: its tree of mappings, queried run by run. Virtual blocks, data blocks and
/// runs are in units of the pool's chunk. Immutable; safe to use from many threads.

#include <optional>

#include "formats/lvm/thin/devices.h"

namespace varve::thin {

/// Consecutive virtual blocks whose data blocks, if they have any, are consecutive too.
struct MappingRun {
    std::uint64_t begin = 0;
    std::uint64_t length = 0;
    bool is_mapped = false;
    std::uint64_t data_block = 0;  ///< of the first; 0 if not mapped
    std::uint32_t time = 0;        ///< the pool's time when all of them were allocated; 0 if not mapped

    std::uint64_t end() const { return begin + length; }
    friend bool operator==(const MappingRun&, const MappingRun&) = default;
};

/// The run that begins at `begin` and ends at `end` (after `begin`) at the latest, according to `leaf` of a tree of
/// mappings, which must be responsible for all of these keys.
MappingRun run_in_leaf(const Node& leaf, std::uint64_t begin, std::uint64_t end);

class Mapping {
public:
    Mapping(std::shared_ptr<const MetadataBlocks> blocks, const Device& device);

    /// The mapping of a device in a pool that was never active: nothing is mapped.
    static Mapping nothing() { return Mapping(); }

    /// The run that begins at `begin` and ends at `end` (after `begin`) at the latest: never empty, not necessarily
    /// maximal, but as long as one leaf shows. Throws Error(corrupt), Error(io).
    MappingRun run_at(std::uint64_t begin, std::uint64_t end) const;

    /// Throws what the medium throws if it was written to (ImageReader::check_unchanged).
    void check_unchanged() const;

private:
    Mapping() = default;

    std::optional<Btree> tree_;
};

/// A device's tree of mappings.
Btree mapping_tree(std::shared_ptr<const MetadataBlocks> blocks, const Device& device);

}  // namespace varve::thin
