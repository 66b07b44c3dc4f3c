#pragma once
/// Changes a pool's metadata like the kernel: a snapshot shares the origin's root, a write copies the path down to a
/// leaf. thin_restore makes trees of any size, but not trees that share nodes; this does. New nodes are appended to the
/// volume; the space maps do not know about them, which matters to neither thin_dump nor thin_delta.

#include <map>
#include <optional>
#include <vector>

#include "formats/lvm/thin/devices.h"
#include "formats/lvm/thin/metadata_block.h"

namespace varve::thin::test {

/// A new mapping of a block, or nullopt to unmap it.
struct NewMapping {
    std::uint64_t data_block = 0;
    std::uint32_t time = 0;
};
using Edits = std::map<std::uint64_t, std::optional<NewMapping>>;

class MetadataEditor {
public:
    explicit MetadataEditor(Bytes metadata) : bytes_(std::move(metadata)) {}

    const Bytes& bytes() const { return bytes_; }
    std::uint64_t block_count() const { return bytes_.size() / metadata_block_bytes; }
    ByteSpan block(BlockNumber number) {
        return ByteSpan(bytes_).subspan(number * metadata_block_bytes, metadata_block_bytes);
    }
    template <std::unsigned_integral T>
    T field(BlockNumber number, std::size_t at) {
        return load_le<T>(block(number).subspan(at));
    }
    /// Sets a field and updates the block's checksum.
    template <std::unsigned_integral T>
    void set(BlockNumber number, std::size_t at, T value, BlockKind kind = BlockKind::btree_node) {
        store_le<T>(block(number).subspan(at), value);
        seal(number, kind);
    }
    void seal(BlockNumber number, BlockKind kind = BlockKind::btree_node);

    /// Appends a copy of a block, with its own number.
    BlockNumber copy_of(BlockNumber number, BlockKind kind = BlockKind::btree_node);

    BlockNumber root(DeviceId id);
    void set_root(DeviceId id, BlockNumber root);
    void set_details(DeviceId id, std::uint64_t mapped_blocks, std::uint32_t snapshotted_time);

    /// Makes `copy`, which must exist, a snapshot of `origin`: both are marked with `time`.
    void snapshot(DeviceId origin, DeviceId copy, std::uint32_t time);
    /// Changes mappings of a device, copying the path down to them. A leaf must have room for what is added.
    void edit(DeviceId id, const Edits& edits);
    /// Adds a node above two trees of equal height; the keys of the first precede those of the second.
    BlockNumber join(BlockNumber left, BlockNumber right);

private:
    struct Entries {
        std::vector<std::uint64_t> keys;
        std::vector<std::uint64_t> values;
    };

    Device details(DeviceId id);
    std::pair<BlockNumber, std::size_t> find(BlockNumber root, std::uint64_t key);
    BlockNumber rewrite(BlockNumber number, Edits::const_iterator begin, Edits::const_iterator end);
    Entries entries(BlockNumber number);
    void store(BlockNumber number, const Entries& entries);

    Bytes bytes_;
};

}  // namespace varve::thin::test
