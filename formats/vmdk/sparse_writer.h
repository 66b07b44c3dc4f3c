#pragma once
/// Writes VMDK files of grains, which VMware's hosted products and qemu open: a monolithicSparse image, or one file of
/// a split image, which looks like a disk of its own length without a descriptor. Grains (64 KiB) with any nonzero byte
/// are data, padded with zeros; other grains stay unallocated, or become zeroed grains (version 2) if the options ask
/// for that and a call named them. The padding of a grain written in pieces is a hole of the file.
///
/// Layout: header | descriptor | redundant grain directory | its tables | grain directory | its tables | grains in
/// guest order. All tables have their place from the start, as VMware expects; an all-zero table is a hole. The header
/// is written last: until then the file is not a VMDK. Memory: one table and one grain.

#include <memory>

#include "engine/image/image_writer.h"
#include "formats/output/output.h"
#include "formats/vmdk/options.h"

namespace varve::vmdk {

/// `output` takes ranges in any order. `file_name` is the image's, without a folder: VMware looks for the extent under
/// that name. Throws Error(unsupported) for a size that VMDK can't hold (check_new_size) and a name that its descriptor
/// can't hold; write() throws it for an image of more than 2 TiB.
std::unique_ptr<ImageWriter> create_sparse_writer(std::unique_ptr<Output> output, ByteCount virtual_size,
                                                  const CreationOptions& options, const std::string& file_name);

/// For a file without a descriptor that holds `length` bytes of a disk: whole sectors, not 0.
std::unique_ptr<ImageWriter> create_sparse_extent_writer(std::unique_ptr<Output> output, ByteCount length,
                                                         bool zeroed_grain);

}  // namespace varve::vmdk
