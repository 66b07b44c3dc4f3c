#pragma once
/// The disks that hold physical volumes, opened: those that the user names, in any format that is read, or else this
/// host's own block devices.

#include <functional>
#include <memory>
#include <string>
#include <vector>

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
    ActiveDevice active;            ///< empty unless a disk is a block device, which this host may be using
};

/// Opens disks.physical_volumes by `open_disk`. A disk that begins with an LVM label is raw, whatever else its first
/// bytes claim to be: they may be a guest's. Throws what open_disk, find_physical_volumes() and take_inventory() throw;
/// Error(usage) for a format other than raw, Error(not_found) when no disk is named and none of the host's can be read
/// or has a physical volume.
PhysicalDisks open_physical_disks(const ImageOptions& options, const VolumeOptions& disks, const OpenDisk& open_disk);

/// The group of that name. Throws Error(not_found) with what there is, Error(refused) when two have the name.
const FoundGroup& find_group(const Inventory& inventory, const std::string& name);

}  // namespace varve::lvm
