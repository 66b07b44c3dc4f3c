#pragma once
/// Opens the logical volumes of one group: finds the devices behind their segments, the stores and pools behind
/// snapshots, and stacks the readers, so that a volume reads as the kernel would present it after the next activation.
///
/// A group whose physical volumes are block devices of this host may be in use there: then a volume that is active is
/// read through its own device, as the kernel presents it, and an active pool's metadata through its metadata snapshot,
/// since what lies on the physical volumes changes under a reader. One thread opens; what was opened is safe from many.

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "formats/base/block_cache.h"
#include "formats/lvm/exception_store.h"
#include "formats/lvm/inventory.h"
#include "formats/lvm/relations.h"
#include "formats/lvm/thin/devices.h"

namespace varve::lvm {

/// A thin pool's metadata and data, as of one commit.
struct ThinPool {
    const LogicalVolume* volume = nullptr;
    std::shared_ptr<const thin::MetadataBlocks> blocks;
    std::optional<thin::Superblock> superblock;  ///< none: the pool was never active, nothing is mapped in it
    std::shared_ptr<const ImageReader> data;
    ByteCount chunk_size;
};

/// The path of the device under which this host's kernel presents a volume, if it is active; `layer` is "" for what
/// users see, or "tpool" for the pool itself.
using ActiveDevice = std::function<std::optional<std::string>(
    const std::string& group_uuid, const std::string& volume_uuid, const std::string& layer)>;

class VolumeOpener {
public:
    /// Borrows `found`. `active` is empty when the physical volumes are no devices of this host.
    VolumeOpener(const FoundGroup& found, ActiveDevice active);

    const VolumeGroup& group() const { return found_.group; }
    const Relations& relations() const { return relations_; }

    /// The volume as a disk. Throws Error(unsupported) for kinds that are not read, Error(not_found) when a physical
    /// volume that it needs is missing, Error(refused) for a snapshot that was lost, a pool that needs a check, and an
    /// active pool without a metadata snapshot; Error(corrupt) otherwise. Each names the volume.
    std::shared_ptr<const ImageReader> open(const LogicalVolume& volume);

    /// The store of a classic snapshot.
    std::shared_ptr<const ExceptionStore> open_store(const ClassicSnapshot& snapshot);
    /// The pool of a thin volume.
    std::shared_ptr<const ThinPool> open_pool(const ThinSegment& thin);
    /// The device of a thin volume that reads as `volume` does: a merge that waits has taken place.
    const LogicalVolume& thin_source(const LogicalVolume& volume) const;

    /// The volumes that what was opened so far stands on.
    const std::set<const LogicalVolume*>& used() const { return used_; }

    /// Full sentences about what was read in another way than one might expect.
    const std::vector<std::string>& warnings() const { return warnings_; }

private:
    /// Volumes that are being opened, one by means of the other: one that comes twice is a cycle.
    class Opening;

    /// As the kernel would present it.
    std::shared_ptr<const ImageReader> open_presented(const LogicalVolume& volume);
    std::shared_ptr<const ImageReader> open_active(const LogicalVolume& volume);
    /// The snapshot's view, or the origin's that it is being merged into.
    std::shared_ptr<const ImageReader> open_snapshot(const ClassicSnapshot& snapshot);
    /// Without regard to snapshots of it.
    std::shared_ptr<const ImageReader> open_plain(const LogicalVolume& volume);
    std::shared_ptr<const ImageReader> open_thin(const LogicalVolume& volume, const ThinSegment& segment);
    NamedDevice open_segments(const LogicalVolume& volume);
    NamedDevice open_leg(const LogicalVolume& volume, const StripeLeg& leg, ExtentNumber extents, ByteOffset& begin);
    const LogicalVolume& find(const std::string& name, const LogicalVolume& by) const;
    std::shared_ptr<const ThinPool> make_pool(const LogicalVolume& volume, const Segment& segment);
    void warn(std::string sentence);

    const FoundGroup& found_;
    Relations relations_;
    ActiveDevice active_;
    std::shared_ptr<ReadCaches> caches_;
    std::map<std::string, std::shared_ptr<const ThinPool>> pools_;
    std::map<std::string, std::shared_ptr<const ExceptionStore>> stores_;
    std::vector<const LogicalVolume*> opening_;
    std::set<const LogicalVolume*> used_;
    std::vector<std::string> warnings_;
};

}  // namespace varve::lvm
