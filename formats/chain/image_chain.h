#pragma once
/// An image with all its backing, data and extent files as one disk.

#include "formats/chain/format_decision.h"
#include "formats/chain/image_references.h"
#include "formats/chain/opened_image.h"

namespace varve {

/// Opens `top` in the format decided, and what it stands on: names in images lead where `references` say, which is not
/// needed after the call. Of the options, snapshot, backing_format and live count. Throws what is said of
/// open_image_chain().
OpenedImage open_chain(ImageFile top, FormatDecision decision, const ImageReferences& references,
                       const ImageOptions& options, const FormatList& formats);

}  // namespace varve
