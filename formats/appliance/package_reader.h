#pragma once
/// An appliance: an OVF descriptor with a machine's disks and small files, in one archive (.ova) or beside each other
/// (.ovf). Which disks there are, what lies where, and whether the bytes are those that the manifest tells.
///
/// Source: DMTF DSP0243, "Open Virtualization Format", sections 5 (package) and 7.1 (references), 9.1 (disks).
///
/// Decisions. What the descriptor tells of a disk's size and format is not believed: the image tells that itself, and
/// exporters are known to write something else. A package without a manifest is read; one whose manifest tells another
/// digest is refused. The signature (.cert) is not checked. One thread at a time.

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/backup/attachment_deposit.h"
#include "engine/base/progress.h"
#include "formats/appliance/archived_files.h"
#include "formats/appliance/descriptor_reader.h"
#include "formats/appliance/manifest.h"
#include "formats/appliance/package_options.h"
#include "formats/chain/image_references.h"

namespace varve::appliance {

/// A disk of the machine, in the descriptor's order.
struct PackagedDisk {
    std::string name;                   ///< of its file; of a disk without one its id. No two are equal
    std::string id;                     ///< the descriptor's
    std::optional<ByteCount> capacity;  ///< as the descriptor says
    std::optional<std::size_t> file;    ///< of Descriptor::files; none: an empty disk
    std::string format;                 ///< the descriptor's word for it, a URI
};

/// What is done while bytes are read that take long; both borrowed.
struct LongRead {
    Progress& progress;
    std::stop_token stop;
};

class PackageReader {
public:
    /// Takes an archive, or a descriptor whose files `beside` opens. Throws Error(corrupt | refused | unsupported) for
    /// what is no package, or whose descriptor is not the one that the manifest tells.
    PackageReader(ImageFile file, std::unique_ptr<const ImageReferences> beside, ManifestUse manifest_use);

    const std::string& name() const { return descriptor_.name; }  ///< of the machine; may be empty
    const std::vector<PackagedDisk>& disks() const { return disks_; }
    const std::vector<std::string>& warnings() const { return warnings_; }
    /// The descriptor's place, then its files'.
    const ImagePlace& place() const { return place_; }
    /// False, too, when it is to be ignored: then it is not even read.
    bool has_manifest() const { return manifest_.has_value(); }
    const ImageReferences& references() const { return *references_; }

    /// The disk of that name or id; without one the only disk. Throws Error(usage) that lists the names.
    const PackagedDisk& find_disk(const std::optional<std::string>& name) const;

    /// The disk's file: where it lies, or, of one that is compressed or in pieces, as a temporary file. The disk has a
    /// file. Throws Error(not_found | refused | corrupt | cancelled).
    ImageFile open_disk(const PackagedDisk& disk, const LongRead& work) const;

    /// A sentence when the descriptor tells another size of a disk's file than `size`: it may have been cut off.
    std::optional<std::string> size_doubt(const PackagedDisk& disk, ByteCount size) const;

    /// Reads the files of a disk whole. Throws Error(corrupt) when one is not what the manifest tells. Nothing to do
    /// without a manifest.
    void check_disk(const PackagedDisk& disk, const LongRead& work) const;

    /// The descriptor, and the files that belong to no disk (an nvram) and are small enough to be kept with a backup.
    /// Tells of the others in `warnings`. Throws as check_disk().
    std::vector<FileToAttach> small_files(std::vector<std::string>& warnings) const;

private:
    void open_archive(ImageFile file);
    void open_descriptor(ImageFile file, std::unique_ptr<const ImageReferences> beside);
    void read_manifest();
    void list_disks();
    ImageFile open_file(const std::string& href) const;
    std::vector<ImageFile> open_parts(const FileElement& file) const;
    void check_digest(const ImageFile& file, const std::string& name, const LongRead* work) const;
    const ManifestEntry* find_entry(const std::string& name) const;
    void check_equal(const ManifestEntry& entry, const Bytes& found, const std::string& shown) const;
    bool is_of_a_disk(std::size_t file) const;

    std::unique_ptr<const ImageReferences> references_;
    ImagePlace place_;  ///< of the descriptor
    std::string manifest_name_;
    Bytes text_;  ///< the descriptor's
    Descriptor descriptor_;
    std::optional<Manifest> manifest_;
    std::vector<PackagedDisk> disks_;
    std::vector<std::string> warnings_;
};

}  // namespace varve::appliance
