#pragma once
/// Opens the logical volumes of one group: finds the devices behind their segments and the stores and pools behind
/// snapshots, and stacks the readers, so that a volume reads as the kernel would present it after the next activation.
///
/// A group whose physical volumes are block devices of this host may be in use. Then an active volume is read through
/// its own device, as the kernel presents it, and an active pool's metadata through its metadata snapshot, because the
/// contents of the physical volumes change while they are read. Use one thread to open; the readers are safe to use
/// from many threads.

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
#include "formats/lvm/segment_reader.h"
#include "formats/lvm/thin/devices.h"

namespace varve::lvm {

/// A thin pool's metadata and data, as of one commit.
struct ThinPool {
    const LogicalVolume* volume = nullptr;
    std::shared_ptr<const thin::MetadataBlocks> blocks;
    std::optional<thin::Superblock> superblock;  ///< nullopt: the pool was never active and maps nothing
    std::shared_ptr<const ImageReader> data;
    ByteCount chunk_size;
};

/// The path of the device through which this host's kernel presents a volume, if it is active; `layer` is "" for the
/// volume itself, or "tpool" for a pool.
using ActiveDevice = std::function<std::optional<std::string>(
    const std::string& group_uuid, const std::string& volume_uuid, const std::string& layer)>;

class VolumeOpener {
public:
    /// Borrows `found`. `active` is empty if the physical volumes are not devices of this host.
    VolumeOpener(const FoundGroup& found, ActiveDevice active);

    const VolumeGroup& group() const { return found_.group; }
    const Relations& relations() const { return relations_; }

    /// The volume as a disk. Throws Error(unsupported) for kinds that are not read; Error(not_found) if a physical
    /// volume that it needs is missing; Error(refused) for an invalidated snapshot, a pool that needs a check, and an
    /// active pool without a metadata snapshot; Error(corrupt) otherwise. Each message names the volume.
    std::shared_ptr<const ImageReader> open(const LogicalVolume& volume);

    /// The store of a classic snapshot.
    std::shared_ptr<const ExceptionStore> open_store(const ClassicSnapshot& snapshot);
    /// The pool of a thin volume.
    std::shared_ptr<const ThinPool> open_pool(const ThinSegment& thin);
    /// The thin volume whose device `volume` reads as: the snapshot of a pending merge, or else `volume` itself.
    const LogicalVolume& thin_source(const LogicalVolume& volume) const;

    /// All volumes that were used to open volumes so far.
    const std::set<const LogicalVolume*>& used() const { return used_; }

    /// Full sentences about volumes that are read in another way than one might expect.
    const std::vector<std::string>& warnings() const { return warnings_; }

private:
    /// Guards a stack of volumes that are being opened, each for the one before: a volume that occurs twice is a cycle.
    class Opening;

    /// As the kernel would present it.
    std::shared_ptr<const ImageReader> open_presented(const LogicalVolume& volume);
    std::shared_ptr<const ImageReader> open_active(const LogicalVolume& volume);
    /// The contents of the snapshot, and of the origin into which it is being merged.
    std::shared_ptr<const ImageReader> open_snapshot(const ClassicSnapshot& snapshot);
    /// Ignores that `volume` may be the store or the origin of a classic snapshot.
    std::shared_ptr<const ImageReader> open_plain(const LogicalVolume& volume);
    std::shared_ptr<const ImageReader> open_thin(const LogicalVolume& volume, const ThinSegment& segment);
    std::shared_ptr<const SegmentReader> open_segments(const LogicalVolume& volume);
    ByteSourcePtr open_leg(const LogicalVolume& volume, const StripeLeg& leg, ExtentNumber extents, ByteOffset& begin);
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
