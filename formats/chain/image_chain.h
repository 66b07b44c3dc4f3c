#pragma once
/// An image with all its backing, data and extent files as one disk.

#include "formats/chain/format_decision.h"
#include "formats/chain/image_references.h"
#include "formats/chain/opened_image.h"

namespace varve {

/// Opens `top` in the decided format, and all files that it is based on. `references` defines where names in images
/// lead and is not needed after the call. Uses only the options about backing files, secrets, the
/// snapshot and live. Throws what open_image_chain() throws.
OpenedImage open_chain(ImageFile top, FormatDecision decision, const ImageReferences& references,
                       const ImageOptions& options, const FormatList& formats);

}  // namespace varve
