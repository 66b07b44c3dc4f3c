#pragma once
/// What the names in an image inside a logical volume may lead to: the other volumes of its group, as Proxmox VE, oVirt
/// and XenServer chain their disks, and nothing else.
///
/// A name is a volume's own ("base"), or "VG/base", "/dev/VG/base" or "/dev/mapper/VG-base" (hyphens doubled within
/// each part), and means the volume of that name in this group, whatever devices this host has. One thread at a time.

#include "formats/chain/image_references.h"
#include "formats/lvm/volume_opener.h"

namespace varve::lvm {

class VolumeReferences final : public ImageReferences {
public:
    /// Shares the opener, which must not open for anyone else in the meantime, and `found`, its group.
    VolumeReferences(std::shared_ptr<const FoundGroup> found, std::shared_ptr<VolumeOpener> opener)
        : found_(std::move(found)), opener_(std::move(opener)) {}

    /// A volume of the group as the file of an image, with the opener's warnings about it. Throws what
    /// VolumeOpener::open() throws.
    ImageFile open(const LogicalVolume& volume) const;

    /// Error(refused) for a name that leads outside the group, Error(not_found) for a volume that the group does not
    /// have, or that is part of another one (a pool's data, a snapshot's record).
    ImageFile open_reference(const ImagePlace& referrer, const std::string& name, ReferenceKind kind) const override;

    /// Searches the group's volumes, at most 4096 of them; `extensions` apply to their names. A volume that can't be
    /// opened does not fit.
    FoundFiles find(const ImagePlace& referrer, std::span<const std::string_view> extensions,
                    const std::function<bool(const ByteSourcePtr&)>& fits) const override;
    std::vector<std::string> names_beside(const ImagePlace&) const override { return {}; }  // no files, but volumes

private:
    const VolumeGroup& group() const { return opener_->group(); }
    bool is_disk(const LogicalVolume& volume) const;

    std::shared_ptr<const FoundGroup> found_;
    std::shared_ptr<VolumeOpener> opener_;
};

}  // namespace varve::lvm
