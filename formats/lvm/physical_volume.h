#pragma once
/// A physical volume where it was found: a whole disk, or a partition of one.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "formats/base/named_device.h"
#include "formats/lvm/label.h"

namespace varve::lvm {

struct PhysicalVolume {
    std::string uuid;    ///< its label's
    NamedDevice device;  ///< begins where the physical volume does; its size is what the disk or partition really has
    std::string path;    ///< of the disk, as it was named
    std::optional<std::uint32_t> partition;  ///< its number, unless the whole disk is the physical volume
    Label label;
    std::vector<std::string> warnings;  ///< full sentences: what else on the disk could not be read

    /// "'p5.raw'" or "'p5.raw' (partition 2)", safe to show.
    std::string place() const;
};

/// The physical volume at the disk's begin, else those in its partitions; at least one. `path` names the disk in
/// errors. When there is none: Error(corrupt) for a damaged label or partition table, Error(unsupported) for LUKS and
/// for LVM1, Error(not_found) for a disk with partitions of other kinds and for one without any, each with a sentence
/// of its own.
std::vector<PhysicalVolume> find_physical_volumes(std::shared_ptr<const ImageReader> disk, const std::string& path);

}  // namespace varve::lvm
