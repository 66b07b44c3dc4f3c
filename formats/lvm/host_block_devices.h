#pragma once
/// The block devices of this host as the kernel shows them in sysfs, which does not need root. Source: the kernel's
/// Documentation/ABI/stable/sysfs-block and testing/sysfs-block-dm.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/units.h"

namespace varve::lvm {

/// Where the host's own trees are; tests use others.
struct HostPaths {
    std::filesystem::path sys = "/sys";
    std::filesystem::path dev = "/dev";
};

struct BlockDevice {
    std::string name;  ///< the kernel's: "sda1", "dm-3", "cciss!c0d0"
    std::string path;  ///< "/dev/sda1"
    ByteCount size;
    bool is_partition = false;               ///< which the kernel found in a partition table
    std::optional<std::string> mapper_uuid;  ///< of a device-mapper device: "LVM-...", "mpath-...", "CRYPT-..."
    std::optional<std::string> whole;        ///< of a partition: its disk's name
    std::vector<std::string> partitions;     ///< names
    std::vector<std::string> holders;        ///< names of the devices built on top of it

    friend bool operator==(const BlockDevice&, const BlockDevice&) = default;
};

/// Sorted by name. Devices that vanish during the listing are left out. Throws Error(io) if sysfs can't be listed.
std::vector<BlockDevice> list_block_devices(const HostPaths& host = {});

}  // namespace varve::lvm
