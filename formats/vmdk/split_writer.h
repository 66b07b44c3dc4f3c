#pragma once
/// Writes a VMDK image of several files: data files, each an extent of the disk, and a descriptor that names them.
/// Files are written one after the other; each is made durable as soon as the guest's ranges are past it. Flat files
/// have holes where there are no data or zeros; sparse files are described in sparse_writer.h. An extent without data
/// also gets its file.
///
/// Source: VMware Virtual Disk Format 5.0, "The Descriptor File".

#include <memory>

#include "engine/image/image_writer.h"
#include "formats/output/output_files.h"
#include "formats/vmdk/descriptor_writer.h"

namespace varve::vmdk {

/// `files`: one part for each extent of `disk` (new_extents.h). Throws Error(io) if the medium can't hold the length of
/// the first file.
std::unique_ptr<ImageWriter> create_split_writer(std::unique_ptr<OutputFiles> files, NewDescriptor disk);

}  // namespace varve::vmdk
