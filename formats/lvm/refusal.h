#pragma once
/// Why a volume is not read although its metadata is understood: kinds of volumes whose bytes a reader of the physical
/// volumes alone would get wrong.

#include <string>

#include "engine/base/error.h"
#include "formats/lvm/volume_group.h"

namespace varve::lvm {

/// "'vg/lv'", safe to show.
std::string quoted_name(const VolumeGroup& group, const LogicalVolume& volume);

/// Error(unsupported) for a segment that is not read, with what to do instead.
Error unread_segment(const VolumeGroup& group, const LogicalVolume& volume, const Segment& segment);

/// Throws Error(unsupported) when the volume as a whole must not be touched: it is being moved.
void refuse_moving(const VolumeGroup& group, const LogicalVolume& volume);

/// Throws Error(unsupported) for a group that several hosts share.
void refuse_shared(const VolumeGroup& group);

}  // namespace varve::lvm
