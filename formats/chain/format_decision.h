#pragma once
/// Decides in which format each file of a chain is read: the one that the user specified, that the image above records,
/// or that its first bytes show. A guest can write the first bytes of its disk, so they are trusted only if nothing
/// else determines the format, and a backing file of unknown format is never read as raw.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/base/format_list.h"
#include "formats/chain/image_references.h"

namespace varve {

/// The format of one file, with warnings about how it was decided.
struct FormatDecision {
    std::string format;
    std::vector<std::string> warnings;
    /// Neither the user nor another image named the format. The file may then be the first of several pieces.
    bool is_by_file = false;
};

/// Throws Error(usage), naming `option`, for a format that is not in `known`.
void require_known_option(const std::optional<std::string>& format, std::span<const std::string_view> known,
                          std::string_view option);

/// The format of the image that the user named: `format` if given, otherwise by its first bytes. Without a known magic
/// it is raw, unless its name promises another format: that is Error(refused). May be that of a package. Throws
/// Error(unsupported) for a format that is not read.
FormatDecision decide_top(const ImageFile& image, const std::optional<std::string>& format, const FormatList& formats);

/// The format of an image in a package: by its bytes alone, since the package gave it its name. Without a known magic
/// it is raw. Throws Error(unsupported) for a format that is not read.
FormatDecision decide_packaged(const ByteSource& source, const FormatList& formats);

/// The format of an image that came without a name, through a pipe: `format` if given, otherwise raw, with a warning if
/// its first bytes are those of something that is not a guest's disk.
FormatDecision decide_nameless(const ByteSource& source, const std::optional<std::string>& format,
                               const FormatList& formats);

/// The format of a backing file: as `recorded` in the image above, otherwise as `declared` by the user, otherwise by
/// its magic. Throws Error(unsupported) for a format that is not read, Error(refused) if nothing determines it.
FormatDecision decide_backing(const ImageFile& image, const std::optional<std::string>& recorded,
                              const std::optional<std::string>& declared, const FormatList& formats);

}  // namespace varve
