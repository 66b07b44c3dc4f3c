#pragma once
/// Opens one disk of an appliance as an image. What the image names is searched in the package alone.

#include <memory>

#include "formats/appliance/package_reader.h"
#include "formats/open_image.h"

namespace varve::appliance {

/// As a package's disks are opened and checked: options.member, manifest, progress and stop, and what open_chain()
/// says. `package_layer` is the file that the user named. Throws what PackageReader and open_chain() throw;
/// Error(unsupported) for a disk without a file and without a size, and for a package within a package.
OpenedImage open_disk(std::shared_ptr<const PackageReader> package, LayerInfo package_layer,
                      const OpenOptions& options);

}  // namespace varve::appliance
