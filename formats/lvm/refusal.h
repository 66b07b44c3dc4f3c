#pragma once
/// Why a volume is not read although its metadata is understood: kinds of volumes that can't be read correctly from
/// the physical volumes alone.

#include <string>

#include "engine/base/error.h"
#include "formats/lvm/volume_group.h"

namespace varve::lvm {

/// "'vg/lv'".
std::string quoted_name(const VolumeGroup& group, const LogicalVolume& volume);

/// Error(unsupported) for a segment of a kind that is not read, with what to do instead.
Error unread_segment(const VolumeGroup& group, const LogicalVolume& volume, const Segment& segment);

/// Throws Error(unsupported) if the volume is being moved by pvmove.
void refuse_moving(const VolumeGroup& group, const LogicalVolume& volume);

/// How hosts other than this one may be using the group: "is shared by hosts (lock type 'sanlock')"; empty if none may.
std::string use_by_other_hosts(const VolumeGroup& group);

/// Throws Error(unsupported) if other hosts may be using the group.
void refuse_shared(const VolumeGroup& group);

}  // namespace varve::lvm
