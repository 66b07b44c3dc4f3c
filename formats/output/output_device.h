#pragma once
/// An existing block device that an image is written onto. Ranges that the image leaves out are zeroed on the device,
/// so that no old byte shows through; bytes of the device past the image are not touched unless asked for. Writing to a
/// device can't be undone: bytes written before an error stay.

#include <memory>
#include <string>

#include "engine/base/file.h"
#include "formats/guard/target_rules.h"
#include "formats/output/output.h"

namespace varve {

/// What becomes of the bytes of a device past the end of the image.
enum class DeviceRest {
    kept,
    zeroed,  ///< when the image is complete
};

/// Whether `path` is to be opened as a device: a block device, or a symbolic link to one inside /dev (udev's names,
/// such as /dev/VG/LV or /dev/disk/by-id/...). A link anywhere else is refused as the name of a file.
bool names_block_device(const std::string& path);

/// Opens the device for this process alone (O_EXCL): Error(refused) when it is mounted or held by another user (LVM,
/// RAID, a second varve), is forbidden, has QEMU's locks on it, or force is not given.
std::unique_ptr<Output> open_output_device(const std::string& path, const TargetRules& rules, DeviceRest rest);

/// Output onto an open device. Tests may pass a regular file: it keeps its length, and zeros are written to it.
std::unique_ptr<Output> output_onto(File device, DeviceRest rest = DeviceRest::kept);

}  // namespace varve
