#pragma once
/// The image that the user named, before it is opened as a disk.

#include <memory>
#include <string>

#include "formats/chain/format_decision.h"
#include "formats/chain/image_references.h"
#include "formats/chain/opened_image.h"

namespace varve {

struct NamedImage {
    std::unique_ptr<const ImageReferences> references;  ///< where the names in it may lead
    ImageFile file;
    FormatDecision decision;
};

/// Opens the file or block device at `path`, or the file that stands for a disk if that is a folder, and decides its
/// format. Throws what ReferenceResolver and decide_top() throw, Error(refused) if the path no longer leads to
/// options.same_file, and Error(usage) for a format that is not read.
NamedImage open_named_file(const std::string& path, const ImageOptions& options, const FormatList& formats);

/// Opens `image` with its chain. Throws what open_chain() throws.
OpenedImage open_chain_of(NamedImage image, const ImageOptions& options, const FormatList& formats);

}  // namespace varve
