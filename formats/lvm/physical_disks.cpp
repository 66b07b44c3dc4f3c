#include "formats/lvm/physical_disks.h"

#include <fcntl.h>
#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/chain/probe.h"
#include "formats/guard/file_source.h"
#include "formats/lvm/active_devices.h"
#include "formats/lvm/host_devices.h"

namespace varve::lvm {
namespace {

bool has_label(const ByteSource& disk) {
    Bytes head(label_search_bytes);
    head.resize(read_some(disk, ByteOffset{}, head));
    return claims_a_label(head);
}

/// The format of an encrypted disk; empty for one that is not.
std::string_view encryption_of(const ByteSource& disk, const FormatList& formats) {
    const FormatDescriptor* probed = probe_format(disk, formats);
    const bool is_encrypted = probed != nullptr && (probed->name == "luks" || probed->name == "luks2");
    return is_encrypted ? probed->name : "";
}

/// Volumes and pools of this host bypass the page cache of the device that they are on, so its pages may be stale.
void forget_cached_pages(const File& device) { ::posix_fadvise(device.fd(), 0, 0, POSIX_FADV_DONTNEED); }

class DiskOpener {
public:
    DiskOpener(const ImageOptions& options, const VolumeOptions& disks, const OpenDisk& open_disk,
               const FormatList& formats)
        : options_(options), paths_(disks.physical_volumes), open_disk_(open_disk), formats_(formats) {}

    PhysicalDisks open();

private:
    bool is_raw_disk(const ByteSource& disk) const;
    std::vector<PhysicalVolume> open_disk(const std::string& path);
    void open_named();
    void open_of_host();
    void add(std::vector<PhysicalVolume> volumes);

    const ImageOptions& options_;
    const std::vector<std::string>& paths_;
    const OpenDisk& open_disk_;
    const FormatList& formats_;
    PhysicalDisks disks_;
    std::vector<LayerInfo> layers_of_disk_;  ///< of the disk that was opened last
    bool is_device_ = false;                 ///< what that disk is
    bool has_device_ = false;
    std::vector<PhysicalVolume> volumes_;
};

/// An encrypted disk that is not opened is read as raw here, and later refused as one without a physical volume. Of the
/// host's own disks none is opened: the host has it as another device, decrypted.
bool DiskOpener::is_raw_disk(const ByteSource& disk) const {
    if (has_label(disk)) return true;
    const std::string_view encryption = encryption_of(disk, formats_);
    const bool may_be_opened = encryption == "luks" && options_.secret && !paths_.empty();
    return !encryption.empty() && !may_be_opened;
}

std::vector<PhysicalVolume> DiskOpener::open_disk(const std::string& path) {
    ImageOptions options;
    options.allow_under = options_.allow_under;
    options.backing_format = options_.backing_format;
    options.secret = options_.secret;
    options.live = options_.live;
    {
        File file = File::open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        is_device_ = file.kind() == FileKind::block_device;
        if (is_device_) forget_cached_pages(file);
        const bool is_readable = is_device_ || file.kind() == FileKind::regular;
        if (is_readable && is_raw_disk(FileSource(std::move(file)))) options.format = "raw";
    }
    OpenedImage image = open_disk_(path, options);
    layers_of_disk_ = std::move(image.layers);
    for (LayerInfo& layer : layers_of_disk_) layer.role = LayerRole::physical_volume;
    return find_physical_volumes(std::move(image.reader), path);
}

void DiskOpener::add(std::vector<PhysicalVolume> volumes) {
    has_device_ = has_device_ || is_device_;
    for (LayerInfo& layer : layers_of_disk_) disks_.layers.push_back(std::move(layer));
    for (PhysicalVolume& volume : volumes) volumes_.push_back(std::move(volume));
}

void DiskOpener::open_named() {
    for (const std::string& path : paths_) add(open_disk(path));
}

void DiskOpener::open_of_host() {
    std::string first_failure;
    for (const std::string& path : find_host_devices()) {
        try {
            add(open_disk(path));
        } catch (const Error& error) {
            // Most disks of a host are not physical volumes.
            if (error.code() == ErrorCode::not_found || error.code() == ErrorCode::unsupported) continue;
            if (first_failure.empty()) first_failure = error.what();
            disks_.inventory.warnings.push_back(error.what());
        }
    }
    if (!volumes_.empty()) return;
    throw Error(
        ErrorCode::not_found,
        fmt::format("found no physical volume on this host's block devices{}; run as root, or specify the disks of the "
                    "volume group with --pv FILE",
                    first_failure.empty() ? "" : " (" + first_failure + ")"));
}

PhysicalDisks DiskOpener::open() {
    if (paths_.empty())
        open_of_host();
    else
        open_named();
    std::vector<std::string> warnings = std::move(disks_.inventory.warnings);
    disks_.inventory = take_inventory(std::move(volumes_));
    for (const std::string& warning : disks_.inventory.warnings) warnings.push_back(warning);
    disks_.inventory.warnings = std::move(warnings);
    if (has_device_)
        disks_.active = [](const std::string& group, const std::string& volume, const std::string& layer) {
            return active_device(group, volume, layer);
        };
    return std::move(disks_);
}

std::string names_of(const Inventory& inventory) {
    std::vector<std::string> names;
    for (const FoundGroup& found : inventory.groups) names.push_back("'" + found.group.name + "'");
    return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

PhysicalDisks open_physical_disks(const ImageOptions& options, const VolumeOptions& disks, const OpenDisk& open_disk,
                                  const FormatList& formats) {
    return DiskOpener(options, disks, open_disk, formats).open();
}

const FoundGroup& find_group(const Inventory& inventory, const std::string& name) {
    const FoundGroup* found = nullptr;
    for (const FoundGroup& group : inventory.groups) {
        if (group.group.name != name) continue;
        if (found != nullptr)
            throw Error(
                ErrorCode::refused,
                fmt::format("two volume groups have the name '{}' ({} and {}); specify only the disks of one of them "
                            "with --pv",
                            name, found->group.uuid, group.group.uuid));
        found = &group;
    }
    if (found != nullptr) return *found;
    const std::string damage = inventory.warnings.empty() ? "" : fmt::format("; {}", inventory.warnings.front());
    throw Error(ErrorCode::not_found,
                fmt::format("no volume group '{}' on these disks; found: {}{}", name, names_of(inventory), damage));
}

}  // namespace varve::lvm
