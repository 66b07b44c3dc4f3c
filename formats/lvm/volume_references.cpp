#include "formats/lvm/volume_references.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/base/reader_source.h"
#include "formats/chain/file_extensions.h"
#include "formats/chain/local_name.h"
#include "formats/lvm/logical_disk.h"

namespace varve::lvm {
namespace {

constexpr std::size_t volumes_searched_max = 4096;

/// A part of a device-mapper name, where "-" separates the parts.
std::string doubled_hyphens(std::string_view name) {
    std::string out;
    for (const char c : name) out.append(c == '-' ? 2 : 1, c);
    return out;
}

/// Back from there; nothing for a text of several parts ("vol-real").
std::optional<std::string> undoubled_hyphens(std::string_view part) {
    std::string out;
    for (std::size_t i = 0; i < part.size(); ++i) {
        if (part[i] == '-' && (++i == part.size() || part[i] != '-')) return std::nullopt;
        out += part[i];
    }
    return out;
}

/// The volume that the path `name` means in the group; nothing when it leads elsewhere.
std::optional<std::string> name_in_group(const VolumeGroup& group, std::string_view name) {
    const std::string mapper = fmt::format("/dev/mapper/{}-", doubled_hyphens(group.name));
    if (name.starts_with(mapper)) return undoubled_hyphens(name.substr(mapper.size()));
    for (const std::string& folder : {"/dev/" + group.name + "/", "../" + group.name + "/", group.name + "/"}) {
        if (!name.starts_with(folder)) continue;
        name.remove_prefix(folder.size());
        break;
    }
    if (name.starts_with("./")) name.remove_prefix(2);
    if (name.empty() || name.find('/') != name.npos || name == "." || name == "..") return std::nullopt;
    return std::string(name);
}

}  // namespace

/// False for pools, for records of snapshots and for volumes that are parts of others.
bool VolumeReferences::is_disk(const LogicalVolume& volume) const {
    const auto& what = volume.segments.front().what;
    if (std::holds_alternative<ThinPoolSegment>(what) || std::holds_alternative<SnapshotSegment>(what)) return false;
    return volume.is_visible() || opener_->relations().snapshot_in(volume) != nullptr;
}

ImageFile VolumeReferences::open(const LogicalVolume& volume) const {
    const std::size_t earlier = opener_->warnings().size();
    std::shared_ptr<const ImageReader> reader = opener_->open(volume);
    ImageInfo info = reader->info();
    auto disk = std::make_shared<const LogicalDisk>(std::move(reader), std::move(info), found_, opener_);
    const std::string name = fmt::format("lvm:{}/{}", group().name, volume.name);
    ImageFile image{std::make_shared<const ReaderSource>(std::move(disk), name), {name, name, "/dev/" + group().name}};
    image.warnings.assign(opener_->warnings().begin() + static_cast<std::ptrdiff_t>(earlier),
                          opener_->warnings().end());
    return image;
}

ImageFile VolumeReferences::open_reference(const ImagePlace& referrer, const std::string& name,
                                           ReferenceKind kind) const {
    const std::string naming = describe_reference(referrer, name, kind);
    const LocalName local = parse_local_name(name);
    if (local.refusal)
        throw Error(ErrorCode::refused, fmt::format("{}, which is not followed: {}", naming, *local.refusal));
    const std::optional<std::string> wanted = name_in_group(group(), local.path);
    if (!wanted)
        throw Error(ErrorCode::refused,
                    fmt::format("{}, which is not followed: an image in a logical volume is read with volumes of its "
                                "own group '{}' only",
                                naming, group().name));
    const LogicalVolume* volume = group().find_volume(*wanted);
    if (volume == nullptr || !is_disk(*volume))
        throw Error(ErrorCode::not_found, fmt::format("{}, and volume group '{}' has no such volume; 'varve info "
                                                      "lvm:{}' lists those it has",
                                                      naming, group().name, group().name));
    return open(*volume);
}

FoundFiles VolumeReferences::find(const ImagePlace& referrer, std::span<const std::string_view> extensions,
                                  const std::function<bool(const ByteSourcePtr&)>& fits) const {
    std::vector<const LogicalVolume*> volumes;
    for (const LogicalVolume& volume : group().volumes)
        if (is_disk(volume)) volumes.push_back(&volume);
    std::ranges::stable_sort(volumes, {},
                             [&](const LogicalVolume* volume) { return extension_rank(volume->name, extensions); });
    FoundFiles found;
    for (const LogicalVolume* volume : volumes) {
        if (found.looked_at == volumes_searched_max) {
            found.is_complete = false;
            break;
        }
        try {
            ImageFile image = open(*volume);
            if (image.place.path == referrer.path) continue;
            ++found.looked_at;
            if (fits(image.source)) found.files.push_back(std::move(image));
        } catch (const Error& error) {
            if (error.code() == ErrorCode::io) throw;
        }
    }
    return found;
}

}  // namespace varve::lvm
