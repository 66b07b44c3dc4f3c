#pragma once
/// What VirtualBox knows a VMware disk by: UUIDs that it writes into the descriptor's data base ("ddb.uuid.image",
/// "ddb.uuid.modification"). Other products keep them or leave them out. Source: VirtualBox VMDK.cpp.

#include <optional>

#include "formats/base/byte_source.h"
#include "formats/base/uuid.h"
#include "formats/vmdk/descriptor.h"

namespace varve::vmdk {

/// Nothing for a disk that VirtualBox never named; a modification that is not recorded is null.
std::optional<DiskIdentity> identity_of(const Descriptor& descriptor);

/// Of any file: nothing if it holds no descriptor, of its own or embedded, with such a UUID, or can't be read. Reads no
/// more than the descriptor; the extents are not looked at.
std::optional<DiskIdentity> peek_identity(const ByteSourcePtr& source);

}  // namespace varve::vmdk
