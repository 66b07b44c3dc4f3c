#pragma once
/// A logical volume as an image on the command line: "lvm:VG/LV", found in the physical volumes that are named beside
/// it.

#include <string>

#include "formats/chain/opened_image.h"
#include "formats/lvm/physical_disks.h"
#include "formats/lvm/volume_options.h"

namespace varve::lvm {

/// Opens the volume, or its snapshot that options.snapshot names (by name, or by "id:" and its uuid). Throws
/// Error(usage) for a name that is none, or only a group's; Error(not_found) with what there is; Error(refused) when
/// the name fits two groups; else what open_physical_disks() and VolumeOpener throw.
OpenedImage open_volume(const std::string& name, const ImageOptions& options, const VolumeOptions& volume,
                        const OpenDisk& open_disk);

}  // namespace varve::lvm
