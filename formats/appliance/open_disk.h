#pragma once
/// Opens one disk of an appliance as an image, over the disk that the descriptor bases it on (parentRef). What the
/// image names is searched in the package alone.

#include <memory>

#include "formats/appliance/package_options.h"
#include "formats/appliance/package_reader.h"
#include "formats/base/format_list.h"
#include "formats/chain/opened_image.h"

namespace varve::appliance {

/// Opens the disk that `which` names, as open_chain() does with `options`; `work` follows the check and the unpacking.
/// `package_layer` is the file that the user named. Throws what PackageReader and open_chain() throw;
/// Error(unsupported) for a disk without a file and without a size, and for a package within a package.
OpenedImage open_disk(std::shared_ptr<const PackageReader> package, LayerInfo package_layer,
                      const ImageOptions& options, const PackageOptions& which, const LongRead& work,
                      const FormatList& formats);

}  // namespace varve::appliance
