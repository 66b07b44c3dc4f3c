#pragma once
/// DiskDescriptor.xml, the text that makes one disk of the images in a folder: which file holds which part of the disk,
/// and which state is based on which. Pure. Source: qemu docs/interop/prl-xml.txt.
///
/// GUIDs are in braces there, in either case; a state and the images that hold its changes have the same one.

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "engine/base/units.h"
#include "formats/base/byte_source.h"
#include "formats/base/uuid.h"

namespace varve::parallels {

inline constexpr std::string_view descriptor_name = "DiskDescriptor.xml";

/// A file with what one state changed in one part of the disk.
struct DescribedImage {
    Uuid guid;
    bool is_plain = false;  ///< raw; else an expanding image
    std::string file;       ///< relative to the descriptor, or absolute. Untrusted text
};

/// A part of the disk. A disk that is not split has one.
struct Storage {
    ByteRange range;
    std::vector<DescribedImage> images;  ///< each GUID once
};

/// A state of the disk.
struct Shot {
    Uuid guid;
    Uuid parent;  ///< null: the first state
};

struct DiskDescriptor {
    ByteCount size;
    std::vector<Storage> storages;  ///< in the order of the disk, without gaps, up to its end
    std::vector<Shot> shots;        ///< each GUID once; may refer to others that are not there
    Uuid top;                       ///< the current state
};

/// Whether a file's first bytes are those of a descriptor.
bool is_disk_descriptor(std::string_view start);

/// Parses the text; `where` names it in errors. Throws Error(corrupt) for anything but a descriptor that is consistent,
/// Error(refused) for one past the limits, Error(unsupported) for a disk that is encrypted or otherwise not read.
DiskDescriptor parse_disk_descriptor(ByteView xml, const std::string& where);

/// The text of a file, parsed. Memory: a few times its size, which is limited to 4 MiB.
DiskDescriptor read_disk_descriptor(const ByteSource& file);

/// Error(corrupt): "`where`: `what`", and what to do about it.
Error corrupt_descriptor(const std::string& where, std::string_view what);

}  // namespace varve::parallels
