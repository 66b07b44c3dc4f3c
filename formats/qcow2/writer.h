#pragma once
/// Writes a qcow2 image that `qemu-img check` finds clean. Units (clusters, or subclusters with extended L2 entries) of
/// only zeros, written or announced, become explicit zeros that take no space; units never mentioned stay unallocated;
/// a unit with any other byte is data, padded with zeros. The padding of a cluster written in parts is a hole of the
/// file.
///
/// Layout: header | LUKS header and key material, if encrypted | data and L2 tables in guest order | L1 table |
/// refcount blocks | refcount table. The header is written last: until then the file is not a qcow2 image.
///
/// Decision: the header holds the exact virtual size. qemu (7.2) rounds a size down to a multiple of 512, so it shows
/// up to 511 bytes less of such a disk; they are in the file, and a disk keeps its identity through qcow2.

#include <memory>
#include <optional>

#include "engine/image/image_writer.h"
#include "formats/crypt/new_luks.h"
#include "formats/output/output.h"
#include "formats/qcow2/options.h"

namespace varve::qcow2 {

/// The largest disk whose L1 table qemu opens (32 MiB of table): 2 PiB at 64 KiB clusters.
ByteCount virtual_size_max(const CreationOptions& options);

/// `output` takes ranges in any order. An image with a backing file is written through overlay_writer.h: units never
/// mentioned are the backing file's. Throws Error(unsupported) for a disk larger than virtual_size_max(), Error(usage)
/// for a backing file name that does not fit. `luks` encrypts the guest's data; present exactly if the options ask for
/// it.
std::unique_ptr<ImageWriter> create_writer(std::unique_ptr<Output> output, ByteCount virtual_size,
                                           const CreationOptions& options,
                                           std::optional<crypt::NewLuks> luks = std::nullopt);

}  // namespace varve::qcow2
