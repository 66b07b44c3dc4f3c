#pragma once
/// Which volume groups the given physical volumes form: for each group the newest metadata text found on its physical
/// volumes, and which of these are present. Immutable values.
///
/// If there are several texts of one group (by uuid), the one with the highest seqno counts, as in LVM. A physical
/// volume belongs to the group whose text lists its uuid; it needs no metadata of its own.

#include <optional>
#include <string>
#include <vector>

#include "formats/lvm/physical_volume.h"
#include "formats/lvm/volume_group.h"

namespace varve::lvm {

struct FoundGroup {
    VolumeGroup group;
    /// One for each of group.physical_volumes, in the same order; nullopt for a missing one.
    std::vector<std::optional<PhysicalVolume>> volumes;
    std::vector<std::string> warnings;  ///< full sentences

    bool is_complete() const;
};

struct Inventory {
    std::vector<FoundGroup> groups;       ///< sorted by name, then uuid; names need not be unique
    std::vector<PhysicalVolume> orphans;  ///< in no group, and their metadata, if any, could be read
    /// Full sentences about things that belong to no group that was found, such as damaged metadata.
    std::vector<std::string> warnings;
};

/// Reads the metadata areas of all `volumes`. Damage becomes a warning as long as any group is found (a warning of the
/// group itself if another area describes it); otherwise it is thrown. Throws Error(refused) if two volumes have the
/// same uuid (copies of one disk, or one disk named twice), and if two texts of one group differ although they have the
/// same seqno, unless other groups are found.
Inventory take_inventory(std::vector<PhysicalVolume> volumes);

}  // namespace varve::lvm
