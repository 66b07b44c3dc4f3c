#pragma once
/// Reads an appliance: an OVF descriptor with a machine's disks and small files, in one archive (.ova) or side by side
/// (.ovf). Lists the disks, opens their files, and checks their bytes against the manifest.
///
/// Source: DMTF DSP0243, "Open Virtualization Format", sections 5 (package) and 7.1 (references), 9.1 (disks).
///
/// Decisions: size and format of a disk come from its image, not from the descriptor, since exporters are known to
/// write wrong ones. A package without a manifest is accepted; one whose manifest has another digest is refused, and
/// what no digest covers gives a warning. The manifest is the one with the descriptor's name in any case, or else any
/// other .mf file that lists a file of the package. The signature (.cert) is not checked. One thread at a time.

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/base/progress.h"
#include "engine/repository/attachment.h"
#include "formats/appliance/archived_files.h"
#include "formats/appliance/descriptor_reader.h"
#include "formats/appliance/manifest.h"
#include "formats/appliance/package_options.h"
#include "formats/chain/image_references.h"

namespace varve::appliance {

/// A disk of the machine, in the descriptor's order.
struct PackagedDisk {
    std::string name;                   ///< of its file, or its id if it has none; unique
    std::string id;                     ///< in the descriptor
    std::optional<ByteCount> capacity;  ///< according to the descriptor
    std::optional<std::size_t> file;    ///< index in Descriptor::files; none: an empty disk
    std::string format;                 ///< a URI, according to the descriptor
    std::string parent;                 ///< id of the disk that it only changes (parentRef); empty: none. Never a cycle
};

/// How to report on and stop reads that take long; borrowed.
struct LongRead {
    Progress& progress;
    std::stop_token stop;
};

class PackageReader {
public:
    /// `file` is an archive, or a descriptor whose files `beside` opens. Throws Error(corrupt | refused | unsupported)
    /// if it is not a package, or if the descriptor does not match the manifest.
    PackageReader(ImageFile file, std::unique_ptr<const ImageReferences> beside, ManifestUse manifest_use);

    const std::string& name() const { return descriptor_.name; }  ///< of the machine; may be empty
    const std::vector<PackagedDisk>& disks() const { return disks_; }
    const std::vector<std::string>& warnings() const { return warnings_; }
    /// The descriptor's place, then its files'.
    const ImagePlace& place() const { return place_; }
    /// Also false if it is to be ignored: then it is not even read.
    bool has_manifest() const { return manifest_.has_value(); }
    const ImageReferences& references() const { return *references_; }

    /// The disk with that name or id; without a name, the only disk. Throws Error(usage) that lists the names.
    const PackagedDisk& find_disk(const std::optional<std::string>& name) const;

    /// The file of a disk that has one: in place, or unpacked to a temporary file if it is compressed or in pieces.
    /// Throws Error(not_found | refused | corrupt | cancelled).
    ImageFile open_disk(const PackagedDisk& disk, const LongRead& work) const;

    /// A warning if the descriptor has another size for the disk's file than `size`: it may have been cut off.
    std::optional<std::string> size_doubt(const PackagedDisk& disk, ByteCount size) const;

    /// Reads the files of a disk in full. Throws Error(corrupt) if one does not match the manifest. Does nothing
    /// without a manifest.
    void check_disk(const PackagedDisk& disk, const LongRead& work) const;

    /// The descriptor, and the files that belong to no disk (an nvram) and are small enough to be kept with a backup.
    /// Adds a warning for each other file. Throws what check_disk() throws.
    std::vector<FileToAttach> small_files(std::vector<std::string>& warnings) const;

private:
    class SmallFiles;

    void open_archive(ImageFile file);
    void open_descriptor(ImageFile file, std::unique_ptr<const ImageReferences> beside);
    void read_manifest();
    std::vector<std::string> manifest_names() const;
    std::optional<Manifest> read_manifest_of(const std::string& name, bool is_own);
    bool lists_a_file(const Manifest& manifest) const;
    void check_descriptor();
    void list_disks();
    ImageFile open_file(const std::string& href) const;
    std::vector<ImageFile> open_parts(const FileElement& file) const;
    std::optional<std::string> check_digest(const ImageFile& file, const std::string& name, const LongRead* work) const;
    void check_equal(const ManifestEntry& entry, const Bytes& found, const std::string& shown) const;
    bool is_of_a_disk(std::size_t file) const;
    void add_small_file(const FileElement& file, SmallFiles& kept) const;

    std::unique_ptr<const ImageReferences> references_;
    ImagePlace place_;  ///< of the descriptor
    bool is_archive_ = false;
    std::string manifest_name_;
    Bytes text_;  ///< the descriptor's
    Descriptor descriptor_;
    std::optional<Manifest> manifest_;
    std::vector<PackagedDisk> disks_;
    std::vector<std::string> warnings_;
};

}  // namespace varve::appliance
