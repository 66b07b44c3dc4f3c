#pragma once
/// A logical volume as an image on the command line: "lvm:VG/LV", found on the physical volumes that the user names, or
/// on this host's.

#include <memory>
#include <string>
#include <vector>

#include "formats/base/format_list.h"
#include "formats/chain/image_references.h"
#include "formats/chain/opened_image.h"
#include "formats/lvm/physical_disks.h"
#include "formats/lvm/volume_options.h"

namespace varve::lvm {

/// Opens the volume, or the snapshot of it selected by options.snapshot (by name, or by "id:" and its uuid), as the
/// disk that its bytes are. Throws Error(usage) if `name` is not a name of a volume; Error(not_found), with where to
/// find the names that exist; Error(refused) if two groups have the name, and, unless options.format is "raw", if the
/// volume holds an image of some format; and whatever open_physical_disks() and VolumeOpener throw.
OpenedImage open_volume(const std::string& name, const ImageOptions& options, const VolumeOptions& where,
                        const OpenDisk& open_disk, const FormatList& formats);

/// A volume with an image inside it, to be opened in some format.
struct VolumeImage {
    ImageFile image;
    std::unique_ptr<const ImageReferences> references;  ///< the volumes of its group
    std::vector<LayerInfo> disks;                       ///< the files that hold the group
};

/// The volume as the file of an image, for a format other than raw. Snapshots of the volume have names of their own:
/// options.snapshot is the image's. Throws what open_volume() throws.
VolumeImage open_volume_image(const std::string& name, const ImageOptions& options, const VolumeOptions& where,
                              const OpenDisk& open_disk, const FormatList& formats);

}  // namespace varve::lvm
