#pragma once
/// Which files an appliance (OVA) holds, under which names and in which order, before any of them is written: the
/// descriptor, the manifest, then what the descriptor references, in its order. Names in the archive are plain (ASCII
/// letters, digits, '.', '_' and '-') and never equal, also where case does not count.
///
/// Source: DMTF DSP0243 1.1 and 2.1, "OVF package"; VMware's importers want the descriptor first and the rest in the
/// order of its References.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/units.h"
#include "formats/ova_options.h"
#include "formats/ovf_writer.h"

namespace varve::ova {

/// A disk that goes into the appliance.
struct DiskToPack {
    ByteCount virtual_size;
};

/// A file behind descriptor and manifest.
struct PlannedMember {
    std::string name;
    std::size_t disk = 0;  ///< whose image it is: an index into what the plan was made of
};

/// Immutable.
class PackagePlan {
public:
    /// `stem`: the archive's name without folder and ending. Throws Error(unsupported) for a disk that a VMDK image
    /// can't hold, and for more disks than a machine has places for.
    PackagePlan(const std::string& stem, std::vector<DiskToPack> disks, const CreationOptions& options);

    const CreationOptions& options() const { return options_; }
    const std::string& descriptor_name() const { return descriptor_name_; }
    const std::string& manifest_name() const { return manifest_name_; }
    const std::vector<PlannedMember>& members() const { return members_; }
    const DiskToPack& disk(std::size_t index) const { return disks_[index]; }

    /// The descriptor, with the lengths of the members' files. Its own length depends on their digits only: it is
    /// greatest for the greatest lengths.
    std::string descriptor(std::span<const ByteCount> lengths) const;

private:
    CreationOptions options_;
    std::vector<DiskToPack> disks_;
    std::string machine_;
    std::string descriptor_name_;
    std::string manifest_name_;
    std::vector<PlannedMember> members_;
};

}  // namespace varve::ova
