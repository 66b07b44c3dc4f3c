#pragma once
/// Writes the descriptor (OVF 1.1) of a machine of which only the disks are known, for import by ESXi, vSphere,
/// Workstation and VirtualBox. Pure.
///
/// Decisions, all meant to be adjusted after the import, by someone who knows the machine:
///  - Hardware vmx-10: ESXi 5.5 and later accept it, and it is the first with disks larger than 2 TiB. (VirtualBox
///    accepts it too; VMware refuses VirtualBox's own "virtualbox-2.2".)
///  - 2 processors and 4 GiB: enough to start most systems, and available on every host.
///  - "Other (64-bit)", since any other system would be a guess that chooses devices.
///  - No network card: the right network is unknown, and a restored machine that joins the network of its original
///    unasked does harm.
///
/// Source: DMTF DSP0243 1.1, "Open Virtualization Format Specification"; DSP1041 and CIM_ResourceAllocationSettingData
/// for the items, whose elements are in alphabetical order.

#include <span>
#include <string>

#include "engine/base/units.h"
#include "formats/vmdk/options.h"

namespace varve::appliance {

/// The URI that marks a disk as a streamOptimized VMDK.
inline constexpr const char* stream_format =
    "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized";

/// A disk and its file in the package, as the descriptor describes them.
struct DescribedDisk {
    std::string file_name;  ///< plain: needs no escaping in a URI
    ByteCount file_length;
    ByteCount virtual_size;
};

/// How many disks such a machine can have: four controllers of 15 (SCSI), or two of 2 (IDE).
std::size_t disks_max(vmdk::AdapterType adapter_type);

/// Returns UTF-8 that ends with a newline. At most disks_max() disks; adapter_type is lsilogic, buslogic or ide;
/// `machine` is UTF-8 without control characters.
std::string describe_machine(const std::string& machine, std::span<const DescribedDisk> disks,
                             vmdk::AdapterType adapter_type);

}  // namespace varve::appliance
