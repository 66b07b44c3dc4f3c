#pragma once
/// A descriptor that was kept from the package that disks came from, with names and sizes corrected for the package
/// that they now go into. Everything else stays as it was: hardware, networks, the vendor's texts. Not shared between
/// threads. Calls come in the order match(), apply(), text().
///
/// Source: DMTF DSP0243 1.1 and 2.1, "References", "DiskSection".

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/units.h"

namespace varve::appliance {

class DescriptorRevision {
public:
    /// A file that the kept descriptor references, or one added for a disk that was empty.
    struct Reference {
        std::string name;  ///< untrusted: the last part of its href, decoded; or the id of the empty disk
        std::optional<std::size_t> disk;  ///< which of match()'s disks it holds; none: not a disk
    };

    /// The file in the new package for a Reference.
    struct NewFile {
        std::optional<std::string> name;  ///< plain; none: not in the new package
        ByteCount virtual_size = {};      ///< of a disk
        bool is_gzip = false;             ///< of another file: its bytes are compressed, as its File element states
    };

    /// Throws Error(refused) for a text with a document type, past the limits of descriptor_reader.h or nested more
    /// than 200 deep; Error(corrupt) for one that is not XML or has missing, duplicate or unknown ids.
    explicit DescriptorRevision(ByteView kept);
    ~DescriptorRevision();
    DescriptorRevision(DescriptorRevision&&) noexcept;
    DescriptorRevision& operator=(DescriptorRevision&&) noexcept;

    /// Finds the disk for each of `names`, paths that disks were read from: the last part is the href of the disk's
    /// File, or its diskId if it has no file. If there is one disk on both sides, the name does not matter. Returns all
    /// files, in the order of the new References. Throws Error(refused) with the reason unless every disk with a file
    /// is named once and every name leads to a disk.
    std::vector<Reference> match(std::span<const std::string> names);

    /// `files`: one for each of match()'s references. Whatever points to a file that is left out is removed too.
    void apply(std::span<const NewFile> files);

    /// The name of the machine (or of the collection of machines).
    void set_machine_name(const std::string& name);

    /// The hardware that the machines require ("vmx-10"), without duplicates; untrusted.
    std::vector<std::string> hardware_families() const;

    /// What makes it a descriptor of OVF 2.0, which VMware's products do not read: an element ("StorageItem") or the
    /// namespace. Nothing for OVF 1.
    std::optional<std::string> mark_of_ovf2() const;

    /// The whole text, UTF-8, with the lengths of the files that stay. The greatest lengths give the longest text.
    std::string text(std::span<const ByteCount> lengths);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace varve::appliance
