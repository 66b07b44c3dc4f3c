#pragma once
/// The change sources `thin` and `cow`: what may differ between the volume that is open and a snapshot that was backed
/// up earlier and is still in the group, from the pool's mapping trees (thin_changes.h) or the exception stores
/// (lvm_snapshot_changes.h).

#include <memory>
#include <string>

#include "engine/change/change_source.h"
#include "formats/lvm/change_token.h"
#include "formats/lvm/volume_opener.h"

namespace varve::lvm {

class VolumeChangeSource final : public ChangeSource {
public:
    /// Shares the opener, which must not open for anybody else meanwhile, and `found`, its group. `volume` is of that
    /// group, `size` what it reads as.
    VolumeChangeSource(std::shared_ptr<const FoundGroup> found, std::shared_ptr<VolumeOpener> opener,
                       const LogicalVolume& volume, ByteCount size)
        : found_(std::move(found)), opener_(std::move(opener)), volume_(volume), size_(size) {}

    /// Of a thin volume or a classic snapshot; empty for any other.
    Bytes token() const override;
    ChangesSince changed_since(ByteView token) const override;

private:
    ChangesSince since_thin(const ThinToken& token) const;
    ChangesSince since_snapshot(const CowToken& token) const;
    const LogicalVolume* find_by_uuid(const std::string& uuid) const;
    const VolumeGroup& group() const { return opener_->group(); }

    std::shared_ptr<const FoundGroup> found_;
    std::shared_ptr<VolumeOpener> opener_;
    const LogicalVolume& volume_;
    ByteCount size_;
};

}  // namespace varve::lvm
