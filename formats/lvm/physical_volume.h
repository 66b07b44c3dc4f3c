#pragma once
/// A physical volume where it was found: a whole disk, or a partition of one.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/image/image_reader.h"
#include "formats/base/byte_source.h"
#include "formats/lvm/label.h"

namespace varve::lvm {

struct PhysicalVolume {
    std::string uuid;      ///< its label's
    ByteSourcePtr device;  ///< begins where the physical volume does; its size is that of the disk or partition
    std::string path;      ///< of the disk, as the user specified it
    std::optional<std::uint32_t> partition;  ///< its number, unless the whole disk is the physical volume
    Label label;
    std::vector<std::string> warnings;  ///< full sentences about what else on the disk could not be read

    /// "'p5.raw'" or "'p5.raw' (partition 2)".
    std::string place() const;
};

/// The physical volume at the beginning of the disk, or else those in its partitions; at least one. `path` names the
/// disk in errors. If there is none: Error(corrupt) for a damaged label or partition table, Error(unsupported) for LUKS
/// and for LVM1, Error(not_found) for a disk with other partitions and for one without partitions, each with its own
/// message.
std::vector<PhysicalVolume> find_physical_volumes(std::shared_ptr<const ImageReader> disk, const std::string& path);

}  // namespace varve::lvm
