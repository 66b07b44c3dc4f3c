#pragma once
/// Plans which files an appliance (OVA) will hold, their names and their order: the descriptor, the manifest, then what
/// the descriptor references, in its order. Names in the archive are plain (ASCII letters, digits, '.', '_' and '-')
/// and unique regardless of case.
///
/// Source: DMTF DSP0243 1.1 and 2.1, "OVF package"; VMware's importers expect the descriptor first and the rest in the
/// order of its References.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/units.h"
#include "formats/appliance/descriptor_revision.h"
#include "formats/appliance/descriptor_writer.h"
#include "formats/appliance/member_names.h"
#include "formats/appliance/options.h"

namespace varve::appliance {

/// A disk to be packed.
struct PlannedDisk {
    ByteCount virtual_size;
    std::string source;  ///< the path that it was read from; its last part identifies the disk in the kept descriptor
};

/// A small file that was kept with the disks.
struct KeptFile {
    std::string name;
    Bytes bytes;
};

/// A kept file that goes into the appliance again: the descriptor, corrected, or another file unchanged.
struct ReusedFile {
    std::string name;  ///< as kept
    ByteCount length;  ///< as kept
};

/// What was kept of the package that the disks came from.
struct KeptFiles {
    std::optional<KeptFile> descriptor;
    std::vector<KeptFile> others;
};

/// A file after the descriptor and the manifest.
struct PlannedMember {
    std::string name;
    std::optional<std::size_t> disk;  ///< the index of the disk whose image it is; none: another file
    KeptFile file;                    ///< if not a disk
};

/// Movable. One thread at a time.
class PackagePlan {
public:
    /// `stem`: the archive's name without folder and extension. If the kept descriptor describes exactly these disks,
    /// it is corrected for them (descriptor_revision.h) and brings along the kept files that it references; otherwise a
    /// plain one is generated. Throws Error(unsupported) for a disk that a VMDK image can't hold, and for more disks
    /// than the generated machine can have.
    PackagePlan(const std::string& stem, std::vector<PlannedDisk> disks, const CreationOptions& options,
                KeptFiles kept = {});

    const CreationOptions& options() const { return options_; }
    const std::string& descriptor_name() const { return descriptor_name_; }
    const std::string& manifest_name() const { return manifest_name_; }
    const std::vector<PlannedMember>& members() const { return members_; }
    /// The indexes of the disks in the order of the archive.
    std::vector<std::size_t> disk_order() const;
    const PlannedDisk& disk(std::size_t index) const { return disks_[index]; }

    bool keeps_descriptor() const { return revision_.has_value(); }
    const std::vector<ReusedFile>& reused_files() const { return reused_files_; }
    /// For the user: why the descriptor is generated although one was kept, what was not packed.
    const std::vector<std::string>& warnings() const { return warnings_; }

    /// The descriptor with the lengths of the members' files. Its own length depends only on their digits: the greatest
    /// lengths give the longest text.
    std::string descriptor(std::span<const ByteCount> lengths);

private:
    void reuse(KeptFiles& kept);
    DescriptorRevision::NewFile take(const DescriptorRevision::Reference& reference, KeptFiles& kept);
    void warn_of_foreign_hardware(const std::string& descriptor);
    void generate(const std::string& stem);
    void warn_of_left_out(const KeptFiles& kept);

    CreationOptions options_;
    std::vector<PlannedDisk> disks_;
    std::string machine_;
    MemberNames names_;
    std::string descriptor_name_;
    std::string manifest_name_;
    std::vector<PlannedMember> members_;
    std::optional<DescriptorRevision> revision_;
    std::vector<ReusedFile> reused_files_;
    std::vector<std::string> warnings_;
};

}  // namespace varve::appliance
