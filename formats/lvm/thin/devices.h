#pragma once
/// The thin devices of a pool, from its two trees: what the pool records about each device, and the root of its tree of
/// mappings. Immutable; safe to use from many threads.

#include <vector>

#include "formats/lvm/thin/btree.h"
#include "formats/lvm/thin/superblock.h"

namespace varve::thin {

/// 24 bits, chosen by the creator of the device (LVM's device_id).
using DeviceId = std::uint32_t;

inline constexpr DeviceId device_id_max = (1u << 24) - 1;

/// Times are those of the pool: they count snapshots (Superblock::time).
struct Device {
    DeviceId id = 0;
    BlockNumber mapping_root = 0;
    std::uint64_t mapped_blocks = 0;
    std::uint64_t transaction_id = 0;  ///< in which it was created
    std::uint32_t creation_time = 0;
    std::uint32_t snapshotted_time = 0;  ///< when it last took part in a snapshot, on either side
    friend bool operator==(const Device&, const Device&) = default;
};

class Devices {
public:
    Devices(std::shared_ptr<const MetadataBlocks> blocks, const Superblock& superblock);

    /// Throws Error(not_found) if the pool has no such device, Error(corrupt).
    Device find(DeviceId id) const;
    bool contains(DeviceId id) const;
    /// All devices by ascending id. Throws Error(corrupt).
    std::vector<Device> list() const;

private:
    BlockNumber mapping_root(DeviceId id) const;

    std::shared_ptr<const MetadataBlocks> blocks_;
    BlockNumber superblock_;
    Btree details_;
    Btree mapping_roots_;
};

}  // namespace varve::thin
