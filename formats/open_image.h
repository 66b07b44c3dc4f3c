#pragma once
/// Opens a disk image with all its backing files: the one way into formats/ for reading. Decides the format of each
/// file, follows names inside images under the rules of reference_resolver.h, and refuses what is not read.

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file.h"
#include "engine/base/progress.h"
#include "engine/change/change_map.h"
#include "engine/change/change_source.h"
#include "engine/image/image_reader.h"
#include "formats/guard/live_image.h"

namespace varve {

namespace appliance {
class PackageReader;
}

/// What an appliance's manifest is good for.
enum class ManifestUse : std::uint8_t { check, ignore };

/// Whether a disk in an appliance is read whole first, to be compared with the manifest: not by who only looks.
enum class PackagedContent : std::uint8_t { checked, unchecked };

struct OpenOptions {
    std::optional<std::string> format = {};    ///< of the image itself; none: its magic decides, nothing claims it: raw
    std::optional<std::string> snapshot = {};  ///< an internal snapshot's name, or "id:N"; none: the active disk
    std::vector<std::string> allow_under =
        {};  ///< folders, beside the image's own, where backing and data files may lie
    std::optional<std::string> backing_format = {};  ///< of every backing file whose format is not recorded
    LiveImage live = LiveImage::refuse;              ///< what to do when a machine writes to a file of the chain
    /// For opening an image once more: the path must lead to this file still, else Error(refused).
    std::optional<FileIdentity> same_file = std::nullopt;
    /// Of a logical volume ("lvm:VG/LV"): the disks that hold its group; none: this host's block devices.
    std::vector<std::string> physical_volumes = {};
    /// Of an appliance: the disk's file as the descriptor names it, or its id; none: the only disk.
    std::optional<std::string> member = {};
    ManifestUse manifest = ManifestUse::check;
    PackagedContent packaged_content = PackagedContent::checked;
    /// Hears of what takes long at opening: an appliance's disk is checked, or unpacked. Null: nobody. Borrowed.
    Progress* progress = nullptr;
    std::stop_token stop = {};
};

/// What a file is to its chain. All are read, and none may change meanwhile.
enum class LayerRole : std::uint8_t {
    image,            ///< a layer: the named image or a backing file
    extent,           ///< holds a part of the guest data of the image before it
    data_file,        ///< the external data file of the image before it
    physical_volume,  ///< a disk that holds a part of the volume group, or a file below such a disk
    package,          ///< an appliance that names the image, or holds it
};

/// One file of a chain.
struct LayerInfo {
    std::string path;    ///< canonical and absolute; untrusted text below the top layer: escape it before showing
    std::string format;  ///< one of read_formats() (layer_formats.h), or package_format
    FileIdentity identity;
    LayerRole role = LayerRole::image;
};

struct OpenedImage {
    std::unique_ptr<ImageReader> reader;    ///< the whole chain as one disk
    std::vector<LayerInfo> layers;          ///< the named image first, a data file right after its image
    std::unique_ptr<ChangeSource> changes;  ///< null: nothing is known of what changed since another night
    std::shared_ptr<const appliance::PackageReader> package;  ///< that the image is a disk of; null: none
    std::string member;                                       ///< what OpenOptions::member calls it there
};

/// What an appliance (OVA, OVF) is called where a format is named.
inline constexpr const char* package_format = "ova";

/// What OpenOptions::format may be: read_formats() (layer_formats.h) and package_format.
std::vector<std::string_view> openable_formats();

/// Opens `path`, a file, a block device or the name of a logical volume (lvm_volume.h), for reading. Throws
/// Error(not_found | io | corrupt), Error(unsupported) that names the format or feature that is not read,
/// Error(refused) for a name that must not be followed, a chain that loops or is deeper than 256, comes to one file
/// twice, a backing file whose format nobody tells, or a file that a running machine writes to (live_image.h);
/// Error(usage) for options that do not fit.
OpenedImage open_image_chain(const std::string& path, const OpenOptions& options = {});

/// Opens a file that no name leads to, like what came through a pipe, in the format that the options say, else as raw.
/// No file that it names is followed: Error(refused) when it does not stand alone. Else as open_image_chain().
OpenedImage open_lone_image(File file, const OpenOptions& options);

/// The appliance at `path`; null when it is none. Throws as open_image_chain() does.
std::shared_ptr<const appliance::PackageReader> open_package(const std::string& path, const OpenOptions& options);

/// The reader alone.
std::unique_ptr<ImageReader> open_image(const std::string& path, const OpenOptions& options = {});

/// What may differ between two states of the one file at `path`: the one that `now` opens, and the internal snapshot
/// `before_snapshot`, named as in OpenOptions::snapshot (none: the active state). Null where the format does not tell
/// (raw, an external data file). Sound only while the file and its backing files do not change; what two runs saw is
/// the same only if ImageInfo::state of a snapshot is the same in both. Errors as open_image_chain's. No backing file
/// is opened.
std::unique_ptr<ChangeMap> changes_between_states(const std::string& path, const OpenOptions& now,
                                                  const std::optional<std::string>& before_snapshot);

}  // namespace varve
