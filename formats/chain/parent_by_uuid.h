#pragma once
/// The parent of a differencing VDI image. The image records no name, but the UUID of its parent and the one that the
/// parent had as modification; VirtualBox keeps the names in its media registry. The parent may be a VMDK: a machine
/// goes on with its disk in the format that it came in, and its snapshots are VDI images.

#include "formats/chain/backing_search.h"
#include "formats/vdi/header.h"

namespace varve::vdi {

/// `child` is a differencing image.
BackingSearch parent_search(const Header& child);

}  // namespace varve::vdi
