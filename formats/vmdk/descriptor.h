#pragma once
/// The text that describes a VMware disk: what it stands on, which files hold it, and facts about the virtual machine's
/// view of it. Source: VMware Virtual Disk Format 5.0, "The Descriptor File"; more lenient where products are: keys and
/// words in any case, blanks anywhere, CRLF, comments, a UTF-8 BOM. Names are kept as bytes, in whatever encoding.
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
/// Of a whole descriptor.
inline constexpr std::uint64_t descriptor_bytes_max = 1 << 20;
/// Of a disk: what fits into a signed 64-bit byte count.
inline constexpr std::uint64_t disk_sectors_max = ((std::uint64_t{1} << 63) - 1) / sector_bytes;

enum class ExtentAccess : std::uint8_t { read_write, read_only, no_access };

/// VMFS is a flat file by another word.
enum class ExtentStorage : std::uint8_t { flat, sparse, zero };

/// One line "ACCESS SECTORS TYPE "file" OFFSET".
struct ExtentLine {
    std::uint32_t line = 0;  ///< number in the text, from 1
    ExtentAccess access = ExtentAccess::read_write;
    ExtentStorage storage = ExtentStorage::flat;
    ByteCount length;       ///< may be 0
    std::string file;       ///< untrusted; empty only for zeros and for what may not be accessed
    ByteOffset file_begin;  ///< where the extent begins in a flat file
};

struct Descriptor {
    std::optional<std::uint32_t> content_id;         ///< CID
    std::optional<std::uint32_t> parent_content_id;  ///< parentCID; none: the disk stands on no other
    std::string parent_name;                         ///< parentFileNameHint; not empty exactly if there is a parent
    std::string create_type;                         ///< in the specification's case: "monolithicSparse"
    std::vector<ExtentLine> extents;                 ///< in the order of the disk
    std::map<std::string, std::string> data_base;    ///< "ddb." lines; keys in lower case, without "ddb."
    ByteCount size;                                  ///< sum of all extents

    /// A data base entry by its key in lower case ("adaptertype", "uuid.image").
    std::optional<std::string> fact(const std::string& key) const;
};

/// parentCID's value for "look at the long content id": the parent can't be told by it.
inline constexpr std::uint32_t long_content_id_mark = 0xfffffffe;

/// Reads a whole text; what follows a NUL is padding. `where` names it in error texts. Throws Error(corrupt) with line,
/// expected and found for what breaks the grammar, for a missing createType or parentCID, and for sizes past the
/// limits; Error(unsupported) for disks on devices and for types that are not known.
Descriptor parse_descriptor(std::string_view text, const std::string& where);

}  // namespace varve::vmdk
