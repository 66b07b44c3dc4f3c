#pragma once
/// The block devices of this host, as the kernel shows them in sysfs; readable without root. Source: the kernel's
/// Documentation/ABI/stable/sysfs-block and testing/sysfs-block-dm.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/units.h"

namespace varve::lvm {

/// Where the host's own trees are; tests name others.
struct HostPaths {
    std::filesystem::path sys = "/sys";
    std::filesystem::path dev = "/dev";
};

struct BlockDevice {
    std::string name;  ///< the kernel's: "sda1", "dm-3", "cciss!c0d0"
    std::string path;  ///< "/dev/sda1"
    ByteCount size;
    bool is_partition = false;               ///< that the kernel found in a table
    std::optional<std::string> mapper_uuid;  ///< of a device-mapper device: "LVM-...", "mpath-...", "CRYPT-..."
    std::optional<std::string> whole;        ///< of a partition: its disk's name
    std::vector<std::string> partitions;     ///< names
    std::vector<std::string> holders;        ///< names of the devices that stand on it

    friend bool operator==(const BlockDevice&, const BlockDevice&) = default;
};

/// By name. What vanishes meanwhile is left out. Throws Error(io) when sysfs can't be listed.
std::vector<BlockDevice> list_block_devices(const HostPaths& host = {});

}  // namespace varve::lvm
