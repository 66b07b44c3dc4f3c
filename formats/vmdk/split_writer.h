#pragma once
/// Writes a VMDK image of several files: data files, each an extent of the disk, and a text that names them. Files are
/// written one after the other, and each is made durable as soon as the guest's ranges are past it. Flat ones have
/// holes where nothing, or zeros, came; sparse ones are as vmdk_sparse_writer.h tells. An extent without any data has
/// its file, too.
///
/// Source: VMware Virtual Disk Format 5.0, "The Descriptor File".

#include <memory>

#include "engine/image/image_writer.h"
#include "formats/output/output_files.h"
#include "formats/vmdk/descriptor_writer.h"

namespace varve::vmdk {

/// `files`: one part for each extent of `disk` (vmdk_new_extents.h). Throws Error(io) for a first file whose length the
/// medium can't hold.
std::unique_ptr<ImageWriter> create_split_writer(std::unique_ptr<OutputFiles> files, NewDescriptor disk);

}  // namespace varve::vmdk
