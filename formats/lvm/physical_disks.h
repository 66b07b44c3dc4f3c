#pragma once
/// Opens the disks that hold physical volumes: those that the user names, in any format that varve reads, or else this
/// host's own block devices.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "formats/base/format_list.h"
#include "formats/chain/opened_image.h"
#include "formats/lvm/inventory.h"
#include "formats/lvm/volume_opener.h"
#include "formats/lvm/volume_options.h"

namespace varve::lvm {

/// Opens a disk, an image in any format that is read, with its chain.
using OpenDisk = std::function<OpenedImage(const std::string& path, const ImageOptions& options)>;

struct PhysicalDisks {
    Inventory inventory;
    std::vector<LayerInfo> layers;  ///< the files of all disks that hold a physical volume
    ActiveDevice active;            ///< empty unless one of the disks is a block device, which this host may be using
};

/// Opens options.physical_volumes. A disk that begins with an LVM label is raw, whatever else its first bytes claim to
/// be: they may belong to a guest. Throws what open_image_chain(), find_physical_volumes() and take_inventory() throw;
/// Error(not_found) if no disk is named and none of the host's is readable and holds a physical volume.
PhysicalDisks open_physical_disks(const ImageOptions& options, const VolumeOptions& disks, const OpenDisk& open_disk,
                                  const FormatList& formats);

/// The group called `name`. Throws Error(not_found), with the names that exist; Error(refused) if two groups have the
/// name.
const FoundGroup& find_group(const Inventory& inventory, const std::string& name);

}  // namespace varve::lvm
