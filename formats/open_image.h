#pragma once
/// Opens a disk image with all its backing files: the one way into formats/ for reading. Decides the format of each
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
    lvm::VolumeOptions volume = {};          ///< of a logical volume
    appliance::PackageOptions package = {};  ///< of an appliance
    /// Follows what takes long while opening: checking or unpacking an appliance's disk. Null: not reported. Borrowed.
    Progress* progress = nullptr;
    std::stop_token stop = {};
};

/// Opens `path`, a file, a block device or the name of a logical volume (lvm/volume_name.h), for reading. Throws
/// Error(not_found | io | corrupt), Error(unsupported) that names the format or feature that is not read,
/// Error(refused) for a name that must not be followed, a chain that loops or is deeper than 256 images or holds one
/// file twice, a backing file of unknown format, or a file that a running machine writes to (live_image.h);
/// Error(usage) for options that do not fit.
OpenedImage open_image_chain(const std::string& path, const OpenOptions& options = {},
                             const FormatList& formats = format_registry());

/// Opens a file that no name leads to, such as one that came through a pipe, in the given format, by default raw. No
/// file that it names is followed: Error(refused) unless it stands alone. Otherwise as open_image_chain().
OpenedImage open_lone_image(File file, const OpenOptions& options, const FormatList& formats = format_registry());

/// The appliance at `path`; null when it is not one. Throws as open_image_chain() does.
std::shared_ptr<const appliance::PackageReader> open_package(const std::string& path, const OpenOptions& options,
                                                             const FormatList& formats = format_registry());

/// The logical volumes of the group in `name` ("lvm:VG"), or of all groups ("lvm:"). Throws as open_image_chain() does.
lvm::VolumeList list_logical_volumes(const std::string& name, const OpenOptions& options,
                                     const FormatList& formats = format_registry());

/// The reader alone.
std::unique_ptr<ImageReader> open_image(const std::string& path, const OpenOptions& options = {},
                                        const FormatList& formats = format_registry());

}  // namespace varve
