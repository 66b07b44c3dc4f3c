#pragma once
/// Writes VMDK files of grains, which VMware's hosted products and qemu open: an image of the kind monolithicSparse, or
/// one of the files of a split one, which is a disk of its own length but for the descriptor. Grains
/// (64 KiB) with any byte that is not zero are data, padded with zeros; other grains stay unallocated, or become zeroed
/// grains (version 2) when the options ask for that and a call named them. The padding of a grain written in pieces is
/// a hole of the file.
///
/// Layout: header | descriptor | redundant grain directory | its tables | grain directory | its tables | grains in
/// guest order. All tables have their place from the start, as VMware wants it; a table of only zeros is a hole. The
/// header is written last: until then the file is no VMDK. Memory: one table and one grain.

#include <memory>

#include "engine/image/image_writer.h"
#include "formats/output/output.h"
#include "formats/vmdk/options.h"

namespace varve::vmdk {

/// `output` takes ranges in any order. `file_name` is the image's, without a folder: VMware looks for the extent under
/// that name. Throws Error(unsupported) for a size that VMDK does not hold (vmdk_header_writer.h) and a name that its
/// descriptor can't hold; write() throws it for an image of more than 2 TiB.
std::unique_ptr<ImageWriter> create_sparse_writer(std::unique_ptr<Output> output, ByteCount virtual_size,
                                                  const CreationOptions& options, const std::string& file_name);

/// A file without a descriptor, for `length` bytes of a disk: whole sectors, not 0.
std::unique_ptr<ImageWriter> create_sparse_extent_writer(std::unique_ptr<Output> output, ByteCount length,
                                                         bool zeroed_grain);

}  // namespace varve::vmdk
