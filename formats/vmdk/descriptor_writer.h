#pragma once
/// The text that describes a new VMDK disk, embedded in its file or in a file of its own: its content ID, its extents
/// and what VMware calls its data base (adapter, geometry, identity). Pure, but for the random numbers of content_id().
///
/// Source: VMware Virtual Disk Format 5.0, "The Descriptor File".

#include <string>
#include <vector>

#include "engine/base/units.h"
#include "formats/vmdk/options.h"

namespace varve::vmdk {

/// 128 bits that identify the content of a disk. The last four bytes, big-endian, are the short ID (CID), by which an
/// overlay recognises its parent.
using ContentId = std::array<std::byte, 16>;

/// Random, or derived from `uuid`. The short ID is never 0xffffffff ("no parent") or 0xfffffffe ("see the long one").
ContentId content_id(const std::optional<DiskUuid>& uuid);

/// How a file stores its part of the disk.
enum class NewExtentKind {
    sparse,  ///< grains and their tables
    flat,    ///< its bytes
    vmfs,    ///< its bytes, on ESXi
};

struct NewExtent {
    NewExtentKind kind = NewExtentKind::sparse;
    ByteCount length;       ///< whole sectors
    std::string file_name;  ///< without a folder: passed can_name()
};

struct NewDescriptor {
    CreationOptions options;
    ContentId content_id;
    std::vector<NewExtent> extents;  ///< in the order of the disk; together they are the disk

    ByteCount virtual_size() const;
};

/// Whether a descriptor can hold the name: UTF-8, at most 255 bytes, without quotes and control characters.
bool can_name(std::string_view file_name);

/// Throws Error(unsupported) unless can_name().
void check_can_name(std::string_view file_name);

/// With one extent the text is shorter than 20 sectors, the space that writers of the format reserve for it.
std::string describe(const NewDescriptor& disk);

}  // namespace varve::vmdk
