#pragma once
/// The disks in an OVF descriptor: the files of a package and the disks in them. Sections about the virtual machine's
/// hardware are skipped. Source: DMTF DSP0243 1.1 and 2.1, "References" and "DiskSection"; DMTF DSP0004, annex C, for
/// units; also the sections of VMware's drafts before 1.0.
///
/// Elements are recognised by their local name, attributes only without a prefix, with "ovf" or with a prefix bound to
/// an OVF namespace. Document types are refused, so that only XML's own five entities and character references are
/// ever expanded.
///
/// Plain values; safe from any thread.

#include <optional>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/units.h"

namespace varve::appliance {

/// The longest descriptor.
inline constexpr ByteCount descriptor_bytes_max = mib(16);

/// An element File. Its name is not checked: see href.h.
struct FileElement {
    std::string id;
    std::string href;                     ///< untrusted, never empty
    std::optional<ByteCount> size;        ///< of the file as stored, all chunks together
    bool is_gzip = false;                 ///< compressed as a whole
    std::optional<ByteCount> chunk_size;  ///< then the file is in chunks "HREF.000000000", "HREF.000000001"…
};

/// An element Disk.
struct DiskElement {
    std::string id;
    std::string file;                   ///< the id of a FileElement; empty: an empty disk
    std::optional<ByteCount> capacity;  ///< only a hint: some products put the size of the file there
    std::string format;                 ///< URI; may be empty
    std::string parent;                 ///< id of the disk that this one is based on; empty: none. Never a cycle
};

struct Descriptor {
    std::string name;  ///< of the virtual system or of the collection of systems, else its id; may be empty
    std::vector<FileElement> files;
    std::vector<DiskElement> disks;
    std::vector<std::string> warnings;  ///< for the user
};

/// Parses UTF-8, or UTF-16 with a BOM. `where` names the text in errors: "'a.ova', member 'a.ovf'". Throws
/// Error(corrupt) with the byte offset (of the text as UTF-8), expected and found for text that is not XML, for
/// missing, duplicate or unknown ids; Error(unsupported) for a compression other than
/// gzip; Error(refused) for a document type and for texts past the limits. An impossible size, chunk size or capacity
/// is a warning: no byte of a disk depends on it.
Descriptor parse_descriptor(ByteView xml, const std::string& where);

/// The same limits for callers that parse the XML for another purpose: to be checked first, since they bound the size
/// of the parsed tree. Throws Error(refused) past a limit and Error(corrupt) for a NUL.
void check_descriptor_limits(ByteView xml, const std::string& where);

}  // namespace varve::appliance
