#pragma once
/// A logical volume as an image on the command line: "lvm:VG/LV", found on the physical volumes that the user names, or
/// on this host's.

#include <string>

#include "formats/chain/opened_image.h"
#include "formats/lvm/physical_disks.h"
#include "formats/lvm/volume_options.h"

namespace varve::lvm {

/// Opens the volume, or the snapshot of it selected by options.snapshot (by name, or by "id:" and its uuid). Throws
/// Error(usage) if `name` is not a name of a volume; Error(not_found), with where to find the names that exist;
/// Error(refused) if two groups have the name; and whatever open_physical_disks() and VolumeOpener throw.
OpenedImage open_volume(const std::string& name, const ImageOptions& options, const VolumeOptions& volume,
                        const OpenDisk& open_disk);

}  // namespace varve::lvm
