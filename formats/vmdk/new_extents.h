#pragma once
/// Which files an image of several files is made of, and how they are called beside NAME.vmdk, its descriptor: as
/// qemu-img and VMware name them, NAME-flat.vmdk, NAME-f001.vmdk (flat pieces), NAME-s001.vmdk (sparse pieces), with
/// more digits where there are more. A name without the ending .vmdk, in whatever case, is taken whole. Pure.
///
/// Decision: a piece holds 4,192,256 sectors (2047 MiB), as VMware's sparse ones do, whether sparse or flat, the last
/// one the rest: files below 2 GiB also where a file has tables beside its data. qemu-img cuts at 2 GiB; readers go by
/// the lengths that the descriptor tells.

#include <string>
#include <string_view>

#include "formats/vmdk/descriptor_writer.h"

namespace varve::vmdk {

/// `file_name` is the descriptor's, without a folder; options.has_data_files(). Throws Error(unsupported) for a size
/// that VMDK does not hold (vmdk_header_writer.h), a name from which none can be made that a descriptor holds, and a
/// disk of so many pieces that the descriptor reaches 1 MiB, where readers stop: some tens of terabytes.
NewDescriptor describe_files(const CreationOptions& options, ByteCount virtual_size, std::string_view file_name);

}  // namespace varve::vmdk
