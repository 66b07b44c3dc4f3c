#pragma once
/// The table of contents of a tar archive: which files lie in it and where their bytes are. Archives have none of their
/// own, so that it is read from the headers before each member; contents are never read. Source: POSIX.1 pax (ustar and
/// pax); GNU tar manual, "Basic Tar Format" (long names, sizes of 8 GiB and more).
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
    std::string name;   ///< relative, without "..", control characters or a "./" in front; bytes in whatever encoding
    ByteRange content;  ///< where its bytes lie in the archive
};

/// A name in an archive that stands for something else than a file with contents of its own.
struct OtherMember {
    std::string name;
    std::string what;  ///< "a symbolic link", "a hard link", "a device"…
};

struct Archive {
    std::vector<Member> members;        ///< in the archive's order
    std::vector<OtherMember> others;    ///< never followed; folders are left out
    std::vector<std::string> warnings;  ///< sentences

    /// The file of that name, or null. Throws Error(refused) when the name is a link, a device or the like.
    /// `archive` names the archive in that error's text.
    const Member* find(std::string_view name, const std::string& archive) const;
};

/// Whether the first block is a tar header: the magic of POSIX or GNU, and the right checksum.
bool is_tar(const ByteSource& archive);

/// Reads all headers up to the end: zero blocks, or the end of the file after a member (then with a warning). Throws
/// Error(corrupt) with the header's offset, expected and found for headers that break the rules and members that end
/// behind the archive; Error(refused) for names that lead outside or are there twice, for sparse files, members that
/// continue on another tape, and more members or longer names than any package has.
Archive read_archive(const ByteSource& archive);

/// read_archive's regular files alone.
std::vector<Member> read_members(const ByteSource& archive);

}  // namespace varve::tar
