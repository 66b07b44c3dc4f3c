#pragma once
/// The text inside of a VMDK file that describes the disk: its content ID, its extent and what VMware calls its data
/// base (adapter, geometry, identity). Pure, but for the random numbers of content_id().
///
/// Source: VMware Virtual Disk Format 5.0, "The Descriptor File".

#include <string>

#include "engine/base/units.h"
#include "formats/vmdk_options.h"

namespace varve::vmdk {

/// 128 bits that stand for the content of a disk; the last four bytes, big-endian, are the short one (CID), by which an
/// overlay knows its parent.
using ContentId = std::array<std::byte, 16>;

/// Random, or derived from `uuid`. The short ID is never 0xffffffff ("no parent") or 0xfffffffe ("see the long one").
ContentId content_id(const std::optional<Uuid>& uuid);

struct NewDescriptor {
    CreationOptions options;
    ContentId content_id;
    ByteCount virtual_size;  ///< made of whole sectors
    std::string file_name;   ///< the image's own, without a folder: passed can_name()
};

/// Whether a descriptor can hold the name: UTF-8 of at most 255 bytes without quotes and control characters.
bool can_name(std::string_view file_name);

/// Shorter than 20 sectors: the space that the format's writers keep for it.
std::string describe(const NewDescriptor& disk);

}  // namespace varve::vmdk
