#pragma once
/// The metadata of a thin pool (device-mapper's thin provisioning target) as an array of 4 KiB blocks, each with a
/// checksum and its own number. Source: the kernel's drivers/md/persistent-data and dm-thin-metadata.c. Immutable; safe
/// to use from many threads.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "formats/base/block_cache.h"
#include "formats/base/byte_source.h"

namespace varve::thin {

/// The number of a metadata block, counted from the beginning of the metadata volume.
using BlockNumber = std::uint64_t;

inline constexpr std::size_t metadata_block_bytes = 4096;

/// The kind of a block. Each kind salts its checksum, so that no block is mistaken for one of another kind.
enum class BlockKind { superblock, btree_node };

/// "superblock" or "btree node".
std::string_view to_string(BlockKind kind);

/// The checksum that a block of `kind` must begin with: CRC-32C of all that follows, without a final inversion.
std::uint32_t block_checksum(ByteView block, BlockKind kind);

class MetadataBlocks {
public:
    /// Loaded nodes stay in `caches->tables`.
    MetadataBlocks(ByteSourcePtr metadata, std::shared_ptr<ReadCaches> caches);

    /// The number of blocks of the metadata volume.
    std::uint64_t count() const { return count_; }

    /// A btree node, from memory or from the medium. Its checksum and number are checked and `check` is called once per
    /// load. Throws Error(corrupt), Error(io).
    BlockCache::Block node(BlockNumber number, const std::function<void(ByteView)>& check) const;

    /// A superblock as it is on the medium now, unchecked: it may be blank. `number` must be inside the volume.
    Bytes read(BlockNumber number) const;

    /// Throws Error(corrupt) unless checksum and number of `block` are what block `number` must have.
    void verify(BlockNumber number, BlockKind kind, ByteView block) const;

    /// Throws Error(corrupt) for a number outside the volume. `whence` names what should be in that block.
    void expect_inside(BlockNumber number, std::string_view whence) const;

    /// Throws Error(corrupt) that names the block and its place; `what` states what was expected and found there.
    [[noreturn]] void fail(BlockNumber number, BlockKind kind, std::string_view what) const;

    /// "'p0.raw' at byte 78643200, block 0 of the thin pool's metadata".
    std::string place(BlockNumber number) const;

    /// Blocks read from the medium so far.
    std::uint64_t blocks_read() const { return blocks_read_.load(std::memory_order_relaxed); }

    /// Throws what the medium throws if it was written to (ImageReader::check_unchanged).
    void check_unchanged() const { metadata_->check_unchanged(); }

private:
    ByteSourcePtr metadata_;
    std::shared_ptr<ReadCaches> caches_;
    std::uint64_t owner_;
    std::uint64_t count_;
    mutable std::atomic<std::uint64_t> blocks_read_{0};
};

}  // namespace varve::thin
