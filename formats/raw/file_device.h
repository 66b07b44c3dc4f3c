#pragma once
/// A file's bytes as a device that names its places by the file.

#include "engine/base/file.h"
#include "formats/base/named_device.h"

namespace varve {

/// Throws what RawReader's constructor throws.
NamedDevice device_of(File file);

}  // namespace varve
