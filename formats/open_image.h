#pragma once
/// Opens a disk image with all its backing files: the entry point of formats/ for reading. Decides the format of each
/// file, follows names inside images under the rules of reference_resolver.h, and refuses what is not read.

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "engine/base/file.h"
#include "engine/base/progress.h"
#include "engine/image/image_reader.h"
#include "formats/appliance/package_options.h"
#include "formats/chain/opened_image.h"
#include "formats/lvm/volume_options.h"
#include "formats/registry.h"

namespace varve {

namespace lvm {
struct VolumeList;
}

struct OpenOptions {
    ImageOptions image = {};
    lvm::VolumeOptions volume = {};          ///< for a logical volume
    appliance::PackageOptions package = {};  ///< for an appliance
    /// Follows what takes long during opening: checking or unpacking an appliance's disk. Null: not reported. Borrowed.
    Progress* progress = nullptr;
    std::stop_token stop = {};
};

/// Opens `path`, a file, a block device or the name of a logical volume (lvm/volume_name.h), for reading. Throws
/// Error(not_found | io | corrupt), Error(unsupported) that names the format or feature that is not read,
/// Error(refused) for a name that must not be followed, a chain that loops, is deeper than 256 images or contains a
/// file twice, a backing file of unknown format, or a file that a running machine writes to (live_image.h);
/// Error(usage) for options that do not apply.
OpenedImage open_image_chain(const std::string& path, const OpenOptions& options = {},
                             const FormatList& formats = format_registry());

/// Opens a file without a path, such as one read from a pipe, in the given format, by default raw. Names inside it are
/// not followed: Error(refused) unless it is self-contained. Otherwise like open_image_chain().
OpenedImage open_lone_image(File file, const OpenOptions& options, const FormatList& formats = format_registry());

/// The appliance at `path`; null if it is not one. Throws what open_image_chain() throws.
std::shared_ptr<const appliance::PackageReader> open_package(const std::string& path, const OpenOptions& options,
                                                             const FormatList& formats = format_registry());

/// The logical volumes of the group in `name` ("lvm:VG"), or of all groups ("lvm:"). Throws what open_image_chain()
/// throws.
lvm::VolumeList list_logical_volumes(const std::string& name, const OpenOptions& options,
                                     const FormatList& formats = format_registry());

/// The reader of open_image_chain() alone.
std::unique_ptr<ImageReader> open_image(const std::string& path, const OpenOptions& options = {},
                                        const FormatList& formats = format_registry());

}  // namespace varve
