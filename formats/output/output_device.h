#pragma once
/// An existing block device that an image is written onto. What the image leaves out is zeroed on the device, so that
/// no old byte shines through; bytes of the device past the image are not touched. A device can't be undone: what was
/// written before an error stays.

#include <memory>
#include <string>

#include "engine/base/file.h"
#include "formats/guard/target_rules.h"
#include "formats/output/output.h"

namespace varve {

/// Whether `path` is to be opened as a device: a block device, or a symbolic link to one inside /dev (udev's names,
/// such as /dev/VG/LV or /dev/disk/by-id/...). Links anywhere else count as links, and are refused as file names.
bool names_block_device(const std::string& path);

/// Opens the device for this process alone (O_EXCL): Error(refused) when it is mounted or held by another (LVM, RAID,
/// a second varve), is forbidden, has QEMU's locks on it, or force is not given.
std::unique_ptr<Output> open_output_device(const std::string& path, const TargetRules& rules);

/// Output onto an open device. A regular file does as well, for tests: it keeps its length and has its zeros written.
std::unique_ptr<Output> output_onto(File device);

}  // namespace varve
