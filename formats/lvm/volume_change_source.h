#pragma once
/// The change sources `thin` and `cow`: what may differ between the open volume and a snapshot that was backed up
/// earlier and is still in the group, according to the pool's mapping trees (thin/changes.h) or the exception stores
/// (snapshot_changes.h).

#include <memory>
#include <string>

#include "engine/change/change_source.h"
#include "formats/lvm/change_token.h"
#include "formats/lvm/volume_opener.h"

namespace varve::lvm {

class VolumeChangeSource final : public ChangeSource {
public:
    /// Shares `found` and the opener of that group, which no one else may use concurrently. `volume` belongs to the
    /// group; `size` is the size at which it is read.
    VolumeChangeSource(std::shared_ptr<const FoundGroup> found, std::shared_ptr<VolumeOpener> opener,
                       const LogicalVolume& volume, ByteCount size)
        : found_(std::move(found)), opener_(std::move(opener)), volume_(volume), size_(size) {}

    /// Empty unless the volume is a thin volume or a classic snapshot.
    Bytes token() const override;
    ChangesSince changed_since(ByteView token) const override;

private:
    /// A thin volume that was backed up, as its token has it and as it is now.
    struct FormerThin {
        const ThinPool& pool;
        const ThinToken& token;
        const LogicalVolume& volume;
        const thin::Device& device;
    };

    ChangesSince since_thin(const ThinToken& token) const;
    ChangesSince compare_thin(const FormerThin& former, const ThinSegment& now, const thin::Device& device) const;
    ChangesSince since_snapshot(const CowToken& token) const;
    const LogicalVolume* find_by_uuid(const std::string& uuid) const;
    const VolumeGroup& group() const { return opener_->group(); }

    std::shared_ptr<const FoundGroup> found_;
    std::shared_ptr<VolumeOpener> opener_;
    const LogicalVolume& volume_;
    ByteCount size_;
};

}  // namespace varve::lvm
