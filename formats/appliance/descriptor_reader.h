#pragma once
/// What an OVF descriptor says about disks: which files a package has and which disks lie in them. Sections about the
/// virtual machine's hardware are passed over. Source: DMTF DSP0243 1.1 and 2.1, "References" and "DiskSection"; DMTF
/// DSP0004, annex C, for units; the sections of VMware's drafts before 1.0, too.
///
/// Elements go by their local name; attributes count when they have no prefix, "ovf" or one that is bound to a name
/// space of OVF. Document types are refused, so that no entity is ever expanded but XML's own five and characters.
///
/// Plain values; safe from any thread.

#include <optional>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/units.h"

namespace varve::appliance {

/// Of a whole descriptor.
inline constexpr ByteCount descriptor_bytes_max = mib(16);

/// An element File. Its name is not checked: see ovf_href.h.
struct FileElement {
    std::string id;
    std::string href;                     ///< untrusted, never empty
    std::optional<ByteCount> size;        ///< of the file as it is stored, all chunks together
    bool is_gzip = false;                 ///< compressed as a whole
    std::optional<ByteCount> chunk_size;  ///< then the file lies in chunks "HREF.000000000", "HREF.000000001"…
};

/// An element Disk.
struct DiskElement {
    std::string id;
    std::string file;                   ///< a FileElement's id; empty: an empty disk
    std::optional<ByteCount> capacity;  ///< a hint: some products put the file's size there
    std::string format;                 ///< URI; may be empty
    std::string parent;  ///< id of the disk that this one stands on; empty: none. Never leads in a circle
};

struct Descriptor {
    std::string name;  ///< of the virtual system or of the collection of them, else its id; may be empty
    std::vector<FileElement> files;
    std::vector<DiskElement> disks;
    std::vector<std::string> warnings;  ///< sentences
};

/// Reads UTF-8, or UTF-16 with a BOM. `where` names the text in errors: "'a.ova', member 'a.ovf'". Throws
/// Error(corrupt) with the byte offset (of the text as UTF-8), expected and found for what is no XML, for ids that are
/// missing, there twice or unknown, and for numbers past the limits; Error(unsupported) for other compressions than
/// gzip; Error(refused) for a document type and for texts larger than any descriptor.
Descriptor parse_descriptor(ByteView xml, const std::string& where);

/// For whoever reads the XML for something else: the same limits, before a tree is made of it, whose size they bound.
/// Throws Error(refused) past them and Error(corrupt) for a NUL.
void check_descriptor_limits(ByteView xml, const std::string& where);

}  // namespace varve::appliance
