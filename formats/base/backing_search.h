#pragma once
/// Identifies the backing file of an image that records no name for it, only its UUIDs.

#include "formats/base/uuid.h"

namespace varve {

/// VirtualBox keeps the names in its media registry. The file may have any format that records such UUIDs.
struct BackingSearch {
    DiskIdentity parent;  ///< a null modification: not recorded
};

}  // namespace varve
