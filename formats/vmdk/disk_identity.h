#pragma once
/// The UUIDs by which VirtualBox identifies a VMware disk. It writes them into the descriptor's data base
/// ("ddb.uuid.image", "ddb.uuid.modification"); other products keep them or leave them out. Source: VirtualBox
/// VMDK.cpp.

#include <optional>

#include "formats/base/byte_source.h"
#include "formats/base/uuid.h"
#include "formats/vmdk/descriptor.h"

namespace varve::vmdk {

/// Nothing for a disk without a UUID from VirtualBox; a modification that is not recorded is null.
std::optional<DiskIdentity> identity_of(const Descriptor& descriptor);

/// The same for any file: nothing if it is not and does not embed a descriptor with such a UUID, or can't be read.
/// Reads only the descriptor, not the extents.
std::optional<DiskIdentity> peek_identity(const ByteSourcePtr& source);

}  // namespace varve::vmdk
