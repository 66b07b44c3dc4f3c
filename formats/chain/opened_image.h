#pragma once
/// An opened disk image with the files that it is read from, and how to open one: the values that opening by path,
/// logical volumes, appliances and chains of backing files have in common.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/file.h"
#include "engine/change/change_source.h"
#include "engine/image/image_reader.h"
#include "formats/crypt/secret_file.h"
#include "formats/guard/live_image.h"

namespace varve {

namespace appliance {
class PackageReader;
}

/// What to do when an image is based on one that cannot be opened.
enum class BackingUse : std::uint8_t {
    required,              ///< refuse the image
    followed_if_possible,  ///< read the image alone: OpenedImage::not_followed says why; for its facts only
};

/// How to open one image with its chain.
struct ImageOptions {
    std::optional<std::string> format = {};    ///< of the image itself; none: by its magic, raw if no format claims it
    std::optional<std::string> snapshot = {};  ///< an internal snapshot's name, or "id:N"; none: the active disk
    /// Folders that may contain backing and data files, besides the image's own.
    std::vector<std::string> allow_under = {};
    /// Backing files to use in place of those that the images name: that of the named image, then of that one, and so
    /// on.
    std::vector<std::string> backing_files = {};
    BackingUse backing = BackingUse::required;
    std::optional<std::string> backing_format = {};  ///< of every backing file whose format is not recorded
    /// Read an image over a parent whose content id is not the recorded one, with a warning.
    bool ignore_content_ids = false;
    crypt::Secret secret = {};                    ///< of encrypted images, of every layer that is one
    std::optional<std::string> luks_header = {};  ///< the file with the detached header of the image, a LUKS volume
    /// Open encrypted images without their secret, too: reading them throws.
    bool is_for_facts_only = false;
    LiveImage live = LiveImage::refuse;  ///< what to do if a machine writes to a file of the chain
    /// For reopening an image: the path must still lead to this file, else Error(refused).
    std::optional<FileIdentity> same_file = std::nullopt;
};

/// The role of a file in its chain. All of them are read, and none may change during that time.
enum class LayerRole : std::uint8_t {
    image,            ///< a layer: the named image or a backing file
    extent,           ///< holds a part of the guest data of the image before it
    data_file,        ///< the external data file of the image before it
    physical_volume,  ///< a disk with a part of the volume group, or a file below such a disk
    package,          ///< an appliance that names or contains the image
};

/// One file of a chain.
struct LayerInfo {
    std::string path;    ///< canonical and absolute; untrusted text below the top layer
    std::string format;  ///< in qemu-img's words, or "ova" for an appliance
    FileIdentity identity;
    LayerRole role = LayerRole::image;
};

struct OpenedImage {
    std::unique_ptr<ImageReader> reader;  ///< the whole chain as one disk
    std::vector<LayerInfo> layers;        ///< the named image first, a data file right after its image
    std::string not_followed;  ///< why `reader` is not the whole chain, but the images that could be opened; or empty
    std::unique_ptr<ChangeSource> changes;  ///< null: nothing reports what changed since an earlier snapshot
    std::shared_ptr<const appliance::PackageReader> package;  ///< the appliance that the image is a disk of; null: none
    std::string member;  ///< the disk's name in it, as for ApplianceOptions::member
};

}  // namespace varve
