#pragma once
/// A descriptor that was kept from the package that disks came from, with names and sizes put right for the package
/// that they go into now. All else stays as it was: hardware, networks, the texts of the vendor. Not shared between
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
    /// A file that the kept descriptor references, or one that it gets for a disk which was empty.
    struct Reference {
        std::string name;                 ///< untrusted: the last part of its href, decoded; or the empty disk's id
        std::optional<std::size_t> disk;  ///< which of match()'s disks it holds; none: another file
    };

    /// What becomes of a Reference.
    struct NewFile {
        std::optional<std::string> name;  ///< plain; none: it is not in the new package
        ByteCount virtual_size = {};      ///< of a disk
        bool is_gzip = false;             ///< of another file: its bytes are compressed as its File element says
    };

    /// Throws Error(refused) for a text with a document type, one past the limits of ovf_descriptor.h or nested more
    /// than 200 deep; Error(corrupt) for one that is no XML, or whose ids are missing, there twice or unknown.
    explicit DescriptorRevision(ByteView kept);
    ~DescriptorRevision();
    DescriptorRevision(DescriptorRevision&&) noexcept;
    DescriptorRevision& operator=(DescriptorRevision&&) noexcept;

    /// Finds the disk that each of `names` stands for: the last part of the path that it was read from is its File's
    /// href, or for a disk without a file its diskId. One disk here and there is the same whatever its name. All files,
    /// in the order of the new References. Throws Error(refused), saying why, unless each disk with a file is there
    /// once, and each name leads to one.
    std::vector<Reference> match(std::span<const std::string> names);

    /// `files`: what becomes of match()'s references, one by one. What points to a file that is gone goes too.
    void apply(std::span<const NewFile> files);

    /// The name of the machine (or of the collection of machines).
    void set_machine_name(const std::string& name);

    /// What hardware the machines ask for ("vmx-10"), each once; untrusted.
    std::vector<std::string> hardware_families() const;

    /// The whole text, UTF-8, with the lengths of the files that stay. It is longest for the greatest lengths.
    std::string text(std::span<const ByteCount> lengths);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace varve::appliance
