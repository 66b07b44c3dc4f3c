#pragma once
/// The text that describes a VMDK disk, inside of its file or in one of its own: its content ID, its extents and what
/// VMware calls its data base (adapter, geometry, identity). Pure, but for the random numbers of content_id().
///
/// Source: VMware Virtual Disk Format 5.0, "The Descriptor File".

#include <string>
#include <vector>

#include "engine/base/units.h"
#include "formats/vmdk/options.h"

namespace varve::vmdk {

/// 128 bits that stand for the content of a disk; the last four bytes, big-endian, are the short one (CID), by which an
/// overlay knows its parent.
using ContentId = std::array<std::byte, 16>;

/// Random, or derived from `uuid`. The short ID is never 0xffffffff ("no parent") or 0xfffffffe ("see the long one").
ContentId content_id(const std::optional<Uuid>& uuid);

/// The word for what a file holds of the disk.
enum class NewExtentKind {
    sparse,  ///< grains and their tables
    flat,    ///< its bytes
    vmfs,    ///< its bytes, on ESXi
};

struct NewExtent {
    NewExtentKind kind = NewExtentKind::sparse;
    ByteCount length;       ///< made of whole sectors
    std::string file_name;  ///< without a folder: passed can_name()
};

struct NewDescriptor {
    CreationOptions options;
    ContentId content_id;
    std::vector<NewExtent> extents;  ///< in the order of the disk, which is their sum

    ByteCount virtual_size() const;
};

/// Whether a descriptor can hold the name: UTF-8 of at most 255 bytes without quotes and control characters.
bool can_name(std::string_view file_name);

/// Throws Error(unsupported) unless can_name().
void check_can_name(std::string_view file_name);

/// With one extent it is shorter than 20 sectors: the space that the format's writers keep for it.
std::string describe(const NewDescriptor& disk);

}  // namespace varve::vmdk
