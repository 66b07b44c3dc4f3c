#pragma once
/// Plans the files of an image of several files, and their names beside NAME.vmdk, the descriptor. The names are those
/// that qemu-img and VMware use: NAME-flat.vmdk, NAME-f001.vmdk (flat pieces), NAME-s001.vmdk (sparse pieces), with
/// more digits if needed. A name without the extension .vmdk, in either case, is used whole. Pure.
///
/// Decision: every piece but the last holds 4,192,256 sectors (2047 MiB), as VMware's sparse pieces do, whether sparse
/// or flat. So every file stays below 2 GiB even with tables beside its data. qemu-img splits at 2 GiB; readers use the
/// lengths in the descriptor.

#include <string>
#include <string_view>

#include "formats/vmdk/descriptor_writer.h"

namespace varve::vmdk {

/// `file_name` is the descriptor's, without a folder; options.has_data_files(). Throws Error(unsupported) for a size
/// that VMDK can't hold (check_new_size), a name that a descriptor can't hold, and a disk of so many pieces that the
/// descriptor reaches 1 MiB, the limit of readers: tens of terabytes.
NewDescriptor describe_files(const CreationOptions& options, ByteCount virtual_size, std::string_view file_name);

}  // namespace varve::vmdk
