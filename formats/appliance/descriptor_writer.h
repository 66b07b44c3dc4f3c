#pragma once
/// Writes the descriptor (OVF 1.1) of a machine of which nothing is known but its disks, such that ESXi, vSphere,
/// Workstation and VirtualBox import it. Pure.
///
/// Decisions, all meant to be changed after the import, where more is known of the machine:
///  - Hardware vmx-10: ESXi 5.5 and all since take it, and it is the first with disks of more than 2 TiB. (VirtualBox
///    takes it too; its own word "virtualbox-2.2" would be refused by VMware.)
///  - 2 processors and 4 GiB: enough for what most systems need to start, and there on every host.
///  - "Other (64-bit)", since any other system would be a guess that chooses devices.
///  - No network card: which network it belongs to is not known, and a restored machine that reaches its double's
///    network unasked does harm.
///
/// Source: DMTF DSP0243 1.1, "Open Virtualization Format Specification"; DSP1041 and CIM_ResourceAllocationSettingData
/// for the items, whose elements stand in alphabetical order.

#include <span>
#include <string>

#include "engine/base/units.h"
#include "formats/vmdk/options.h"

namespace varve::appliance {

/// The URI by which a descriptor says that a disk is a VMDK of the kind streamOptimized.
inline constexpr const char* stream_format =
    "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized";

/// A disk's file as it lies in the package.
struct DescribedDisk {
    std::string file_name;  ///< plain: it needs no escape in a URI
    ByteCount file_length;
    ByteCount virtual_size;
};

/// How many disks such a machine holds: four controllers of 15 (SCSI), or two of 2 (IDE).
std::size_t disks_max(vmdk::AdapterType adapter_type);

/// UTF-8, ends with a line's end. At most disks_max() disks; adapter_type is lsilogic, buslogic or ide; `machine` is
/// UTF-8 without control characters.
std::string describe_machine(const std::string& machine, std::span<const DescribedDisk> disks,
                             vmdk::AdapterType adapter_type);

}  // namespace varve::appliance
