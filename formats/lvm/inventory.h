#pragma once
/// Which volume groups the physical volumes at hand make up: for each group the newest metadata text among all of its
/// physical volumes, and which of these are there. Immutable values.
///
/// Of several texts of one group (by its uuid) the one with the highest seqno counts, as for LVM. A physical volume
/// belongs to the group whose text lists its uuid; it needs no metadata of its own.

#include <optional>
#include <string>
#include <vector>

#include "formats/lvm/physical_volume.h"
#include "formats/lvm/volume_group.h"

namespace varve::lvm {

struct FoundGroup {
    VolumeGroup group;
    /// For each of group.physical_volumes, in its order; nothing for a missing one.
    std::vector<std::optional<PhysicalVolume>> volumes;
    std::vector<std::string> warnings;  ///< full sentences, safe to show

    bool is_complete() const;
};

struct Inventory {
    std::vector<FoundGroup> groups;       ///< by name, then uuid; two groups may have one name
    std::vector<PhysicalVolume> orphans;  ///< in no group, with metadata that could be read, or without any
    /// Full sentences, safe to show: what belongs to no group that was found, like damaged metadata.
    std::vector<std::string> warnings;
};

/// Reads the metadata areas of all `volumes`. What is damaged is a warning as long as any group is found, of the group
/// when another area tells of it; else it is thrown. Throws Error(refused) when two volumes have one uuid (copies of
/// one disk, or one disk named twice), and when two texts of one group differ though they have the same seqno, unless
/// other groups are found.
Inventory take_inventory(std::vector<PhysicalVolume> volumes);

}  // namespace varve::lvm
