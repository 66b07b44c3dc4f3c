#include "formats/lvm/thin/devices.h"

#include <optional>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"

namespace varve::thin {
namespace {

constexpr std::size_t details_bytes = 24;
constexpr std::size_t root_bytes = 8;

Device parse_details(DeviceId id, ByteView bytes) {
    ByteReader in(bytes, "details of a thin device");
    Device device;
    device.id = id;
    device.mapped_blocks = in.u64le();
    device.transaction_id = in.u64le();
    device.creation_time = in.u32le();
    device.snapshotted_time = in.u32le();
    return device;
}

/// The value of `key` in a tree, or nullopt.
std::optional<Bytes> find_value(const Btree& tree, std::uint64_t key) {
    const Leaf leaf = tree.leaf(key);
    const std::size_t entry = leaf.node.first_not_before(key);
    if (entry == leaf.node.count() || leaf.node.key(entry) != key) return std::nullopt;
    const ByteView value = leaf.node.value(entry);
    return Bytes(value.begin(), value.end());
}

}  // namespace

Devices::Devices(std::shared_ptr<const MetadataBlocks> blocks, const Superblock& superblock)
    : blocks_(std::move(blocks)),
      superblock_(superblock.number),
      details_(blocks_, superblock.device_details_root, details_bytes, "tree of device details"),
      mapping_roots_(blocks_, superblock.data_mapping_root, root_bytes, "tree of the devices' mappings") {}

Device Devices::find(DeviceId id) const {
    const std::optional<Bytes> details = find_value(details_, id);
    if (!details)
        throw Error(ErrorCode::not_found,
                    fmt::format("{}: the thin pool has no device with id {}; 'thin_dump --skip-mappings' on the pool's "
                                "metadata lists those it has",
                                blocks_->place(superblock_), id));
    Device device = parse_details(id, *details);
    device.mapping_root = mapping_root(id);
    return device;
}

bool Devices::contains(DeviceId id) const { return find_value(details_, id).has_value(); }

std::vector<Device> Devices::list() const {
    std::vector<Device> devices;
    for (std::uint64_t key = 0; key != no_key;) {
        const Leaf leaf = details_.leaf(key);
        for (std::size_t entry = leaf.node.first_not_before(key); entry < leaf.node.count(); ++entry) {
            const std::uint64_t id = leaf.node.key(entry);
            if (id > device_id_max)
                blocks_->fail(leaf.node.number(), BlockKind::btree_node,
                              fmt::format("expected device ids up to {}, found {}", device_id_max, id));
            devices.push_back(parse_details(static_cast<DeviceId>(id), leaf.node.value(entry)));
            devices.back().mapping_root = mapping_root(devices.back().id);
        }
        key = leaf.keys.end;
    }
    return devices;
}

BlockNumber Devices::mapping_root(DeviceId id) const {
    const std::optional<Bytes> root = find_value(mapping_roots_, id);
    if (!root)
        blocks_->fail(mapping_roots_.root().number, BlockKind::btree_node,
                      fmt::format("expected a tree of mappings for device {}, found none", id));
    return load_le<std::uint64_t>(*root);
}

}  // namespace varve::thin
