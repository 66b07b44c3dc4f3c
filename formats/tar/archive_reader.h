#pragma once
/// The table of contents of a tar archive: its files and where their bytes are. It is read from the headers before each
/// member, since archives have no table of their own; contents are never read. Source: POSIX.1 pax (ustar and pax); GNU
/// tar manual, "Basic Tar Format" (long names, sizes of 8 GiB and more).
///
/// Plain values; safe from any thread.

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/units.h"
#include "formats/base/byte_source.h"

namespace varve::tar {

/// A regular file in an archive.
struct Member {
    std::string name;   ///< relative, without "..", control characters or a leading "./"; bytes in any encoding
    ByteRange content;  ///< where its bytes are in the archive
};

/// A name in an archive that is not a file with contents of its own.
struct OtherMember {
    std::string name;
    std::string what;  ///< "a symbolic link", "a hard link", "a device"…
};

struct Archive {
    std::vector<Member> members;        ///< in the archive's order
    std::vector<OtherMember> others;    ///< never followed; folders are omitted
    std::vector<std::string> warnings;  ///< for the user

    /// The file with that name, or null. Throws Error(refused), which names the archive as `archive`, if the name is a
    /// link, a device or the like.
    const Member* find(std::string_view name, const std::string& archive) const;
};

/// Whether the first block is meant to be a tar header, of any kind (claims_a_header()).
bool is_tar(const ByteSource& archive);

/// Reads all headers up to the end: zero blocks, or the end of the file after a member (with a warning). Throws
/// Error(corrupt) with the header's offset, expected and found for invalid headers and members that extend past the
/// archive; Error(refused) for names that lead outside or occur twice, for sparse files, members that continue on
/// another tape, and more members or longer names than any package has.
Archive read_archive(const ByteSource& archive);

/// Only the regular files of read_archive().
std::vector<Member> read_members(const ByteSource& archive);

}  // namespace varve::tar
