#pragma once
/// The text that describes a VMware disk: its parent, the files that hold it, and how the virtual machine sees it.
/// Source: VMware Virtual Disk Format 5.0, "The Descriptor File". Parsing is more lenient, as products are: keys and
/// words in any case, blanks anywhere, CRLF, comments, a UTF-8 BOM. Names stay bytes, in any encoding.
///
/// Plain values; safe from any thread.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/units.h"

namespace varve::vmdk {

inline constexpr std::uint64_t sector_bytes = 512;
/// The longest descriptor.
inline constexpr std::uint64_t descriptor_bytes_max = 1 << 20;
/// The largest disk: what fits into a signed 64-bit byte count.
inline constexpr std::uint64_t disk_sectors_max = ((std::uint64_t{1} << 63) - 1) / sector_bytes;

enum class ExtentAccess : std::uint8_t { read_write, read_only, no_access };

/// VMFS is another word for a flat file.
enum class ExtentStorage : std::uint8_t { flat, sparse, zero };

/// One line "ACCESS SECTORS TYPE "file" OFFSET".
struct ExtentLine {
    std::uint32_t line = 0;  ///< line number in the text, from 1
    ExtentAccess access = ExtentAccess::read_write;
    ExtentStorage storage = ExtentStorage::flat;
    ByteCount length;       ///< may be 0
    std::string file;       ///< untrusted; empty only for ZERO and NOACCESS extents
    ByteOffset file_begin;  ///< where the extent begins in a flat file
};

struct Descriptor {
    std::optional<std::uint32_t> content_id;         ///< CID
    std::optional<std::uint32_t> parent_content_id;  ///< parentCID; none: the disk has no parent
    std::string parent_name;                         ///< parentFileNameHint; empty exactly if there is no parent
    std::string create_type;                         ///< in the specification's case: "monolithicSparse"
    std::string encoding;                            ///< of the names, as declared: "GBK"; untrusted, may be empty
    std::vector<ExtentLine> extents;                 ///< in the order of the disk
    std::map<std::string, std::string> data_base;    ///< "ddb." lines; keys in lower case, without "ddb."
    ByteCount size;                                  ///< sum of all extents

    /// The data base entry with that key in lower case ("adaptertype", "uuid.image").
    std::optional<std::string> fact(const std::string& key) const;
};

/// The parentCID that means "see the long content ID": it does not identify the parent.
inline constexpr std::uint32_t long_content_id_mark = 0xfffffffe;

/// Parses a whole text; what follows a NUL is padding. `where` names the text in errors. Throws Error(corrupt) with
/// line, expected and found for broken grammar, a missing createType or parentCID, and sizes past the limits;
/// Error(unsupported) for disks on devices and for unknown types. The types of VirtualBox's raw disks (fullDevice,
/// partitionedDevice) are disks on devices only if an extent names one.
Descriptor parse_descriptor(std::string_view text, const std::string& where);

}  // namespace varve::vmdk
