#pragma once
/// Changes a pool's metadata as the kernel does: a snapshot shares the origin's root, a write copies the way down to a
/// leaf. thin_restore makes trees of any size, but none that share nodes; this makes those. New nodes go behind the
/// volume's present end; the space maps do not know of them, which neither thin_dump nor thin_delta minds.

#include <map>
#include <optional>
#include <vector>

#include "formats/lvm/thin/devices.h"
#include "formats/lvm/thin/metadata_block.h"

namespace varve::thin::test {

/// A mapping that a block gets, or nothing to unmap it.
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
    /// Sets a field and makes the block's checksum right again.
    template <std::unsigned_integral T>
    void set(BlockNumber number, std::size_t at, T value, BlockKind kind = BlockKind::btree_node) {
        store_le<T>(block(number).subspan(at), value);
        seal(number, kind);
    }
    void seal(BlockNumber number, BlockKind kind = BlockKind::btree_node);

    /// A copy of a block behind the end, with its own number.
    BlockNumber copy_of(BlockNumber number, BlockKind kind = BlockKind::btree_node);

    BlockNumber root(DeviceId id);
    void set_root(DeviceId id, BlockNumber root);
    void set_details(DeviceId id, std::uint64_t mapped_blocks, std::uint32_t snapshotted_time);

    /// Makes `copy`, which must exist, a snapshot of `origin`: both are marked with `time`.
    void snapshot(DeviceId origin, DeviceId copy, std::uint32_t time);
    /// Changes mappings of a device, with the way down copied. A leaf must have room for what is added.
    void edit(DeviceId id, const Edits& edits);
    /// A node above two trees of equal height, the keys of one before those of the other.
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
